import { UDPipeError } from '../core/errors.ts'
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
  args: readonly unknown[],
  firstName: 'port' | 'host',
  secondName: 'port' | 'host',
): UDPipeOptions {
  const values = [...args]
  const options = isObject(values.at(-1)) ? (values.pop() as UDPipeOptions) : {}
  const [first, second, timeoutSeconds, ...rest] = values
  if (rest.some((value) => value !== undefined)) {
    throw new UDPipeError(
      'ERR_ARGUMENT_INVALID',
      `Expected (${firstName}, ${secondName}, timeoutSeconds, options); what comes fourth must be an object with options.`,
    )
  }
  const named: Record<string, unknown> = { ...options }
  if (first !== undefined) named[firstName] = first
  if (second !== undefined) named[secondName] = second
  if (timeoutSeconds !== undefined) named['timeoutMs'] = secondsToMs(timeoutSeconds)
  return named
}

/** Seconds, as the seed's signatures have them, in milliseconds; what is no number is left for the options' parser to refuse. */
export function secondsToMs(seconds: unknown): unknown {
  return typeof seconds === 'number' ? seconds * 1000 : seconds
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
