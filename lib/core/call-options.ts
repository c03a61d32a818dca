import { UDPipeError } from './errors.ts'
import { show } from './show.ts'

/**
 * Refuses what is no object with options, and options that there are not. What only looks like one, as an `AbortSignal` does, is none.
 *
 * @param known an object with the names of those that there are
 * @param call how the call is meant
 * @throws UDPipeError `ERR_ARGUMENT_INVALID`, `ERR_OPTION_UNKNOWN`
 */
export function checkCallOptions(value: unknown, known: object, call: string): void {
  if (!isOptions(value)) throw notOptions(value, call)
  for (const key in value) if (!Object.hasOwn(known, key)) throw unknownOption(value, key, known, call)
}

/** Whether a value can be meant as options: a plain object, or any other that is no list and has something in it. */
export function isOptions(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) return false
  return isPlain(value) || Object.keys(value).length > 0
}

/** The error for what should have been an object with options. */
export function notOptions(value: unknown, call: string): UDPipeError {
  return new UDPipeError(
    'ERR_ARGUMENT_INVALID',
    `Options are an object, and this is ${show(value)}. The call is ${call}.`,
  )
}

/** The error for an option that a call does not have. */
export function unknownOption(value: object, key: string, known: object, call: string): UDPipeError {
  if (!isPlain(value)) return notOptions(value, call)
  const names = Object.keys(known)
  const near = names.find((name) => isNear(name, key))
  const advice = near === undefined ? `the options are ${names.join(', ')}` : `did you mean '${near}'?`
  return new UDPipeError('ERR_OPTION_UNKNOWN', `There is no option '${key}' in ${call}: ${advice}`)
}

/** Whether two names differ by a letter or two: one that is missing, too many, or another one. */
export function isNear(name: string, typed: string): boolean {
  const [a, b] = [name.toLowerCase(), typed.toLowerCase()]
  if (a.startsWith(b) || b.startsWith(a)) return true
  return distance(a, b) <= (Math.min(a.length, b.length) > 5 ? 2 : 1)
}

/** Whether an object is one of those that are written in braces, in whichever realm. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** How many letters have to be put in, taken out or changed (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const changed = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
