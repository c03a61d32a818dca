import { isOptions, notOptions } from '../core/call-options.ts'
import { UDPipeError } from '../core/errors.ts'
import { show } from '../core/show.ts'
import type { UDPipeOptions } from './options.ts'

/**
 * What `new UDPipe`, `start` and `connect` may be called with: two leading arguments, a timeout in seconds, and options as the
 * last one, wherever the list stops.
 */
export type CallArguments<First, Second> =
  | [first?: First, second?: Second, timeoutSeconds?: number, options?: UDPipeOptions]
  | [first: First, second: Second, options: UDPipeOptions]
  | [first: First, options: UDPipeOptions]
  | [options: UDPipeOptions]

/**
 * Reads such arguments as options.
 *
 * @throws UDPipeError `ERR_ARGUMENT_INVALID`
 */
export function readArguments(
  method: 'new UDPipe' | 'start' | 'connect',
  args: readonly unknown[],
  firstName: 'port' | 'host',
  secondName: 'port' | 'host',
): UDPipeOptions {
  const call = `${method}(${firstName}, ${secondName}, timeoutSeconds, options)`
  const values = [...args]
  const options = isObject(values.at(-1)) ? values.pop() : {}
  if (!isOptions(options)) throw notOptions(options, call)
  const [first, second, timeoutSeconds, ...rest] = values
  if (rest.some((value) => value !== undefined) || [first, second, timeoutSeconds].some(isObject)) {
    throw new UDPipeError('ERR_ARGUMENT_INVALID', `Options are one object, the last argument. The call is ${call}.`)
  }
  if (typeof first === kindOf[secondName] && typeof second === kindOf[firstName]) {
    throw new UDPipeError(
      'ERR_OPTION_INVALID',
      `The ${firstName} comes first: ${method}(${show(second)}, ${show(first)}). The call is ${call}.`,
    )
  }
  const named: Record<string, unknown> = { ...options }
  if (first !== undefined) named[firstName] = first
  if (second !== undefined) named[secondName] = second
  if (timeoutSeconds !== undefined) named['timeoutMs'] = secondsToMs(timeoutSeconds)
  return named
}

/**
 * Seconds, as the seed's signatures have them, in milliseconds; what is no number is left for the options' parser to refuse.
 *
 * @throws UDPipeError `ERR_OPTION_INVALID` for more than an hour, which is milliseconds that were taken for seconds
 */
export function secondsToMs(seconds: unknown): unknown {
  if (typeof seconds !== 'number') return seconds
  if (seconds > MAX_TIMEOUT_SECONDS && seconds < Infinity) {
    throw new UDPipeError(
      'ERR_OPTION_INVALID',
      `This timeout is in seconds, at most ${MAX_TIMEOUT_SECONDS}; it was ${seconds}. For milliseconds there is the option ` +
        `{ timeoutMs: ${seconds} }, which takes longer times, too.`,
    )
  }
  return seconds * 1000
}

const MAX_TIMEOUT_SECONDS = 3_600

const kindOf = { port: 'number', host: 'string' } as const

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
