import type { Trace } from './trace.ts'

/** The errors that say already how they came about. */
const explained = new WeakSet<Error>()

/**
 * Adds to an error the seed and the time of a simulation, and the last lines of its trace. The error stays the same object, with its class, code
 * and stack: only the message, there and in the stack, grows. What is thrown that is no error, or an error that cannot be changed, gets one around it.
 */
export function explain(thrown: unknown, seed: number, now: number, trace: Trace | undefined): Error {
  if (thrown instanceof Error && explained.has(thrown)) return thrown
  const explanation = explanationOf(seed, now, trace)
  const error = thrown instanceof Error && tryAppend(thrown, explanation) ? thrown : wrap(thrown, explanation)
  explained.add(error)
  return error
}

function explanationOf(seed: number, now: number, trace: Trace | undefined): string {
  const head = `Simulated with seed ${seed}, until ${now.toFixed(3)} ms.`
  const lines = trace?.toString() ?? ''
  return lines === '' ? head : `${head} What happened last:\n${lines}`
}

function tryAppend(error: Error, explanation: string): boolean {
  const { message, stack } = error
  const longer = `${message}\n\n${explanation}`
  try {
    error.message = longer
    if (error.message !== longer) return false
    // The stack begins with the message as it was when the error was made.
    if (stack !== undefined && message !== '') error.stack = stack.replace(message, () => longer)
    return true
  } catch {
    return false
  }
}

function wrap(thrown: unknown, explanation: string): Error {
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new Error(`${message}\n\n${explanation}`, { cause: thrown })
}
