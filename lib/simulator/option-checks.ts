import { UDPipeError } from '../core/errors.ts'
import { familyOf } from '../core/numeric-host.ts'

/** The names that options may have; `satisfies OptionNames<...>` keeps the list whole. */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>

/**
 * Makes sure that options are an object, and that it has no name that is unknown.
 *
 * @throws UDPipeError `ERR_OPTION_INVALID`, `ERR_OPTION_UNKNOWN`
 */
export function requireNames(what: string, given: unknown, names: object): void {
  if (typeof given !== 'object' || given === null) throw invalid(what, 'an object', given)
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(names, name))
  if (unknown === undefined) return
  const known = Object.keys(names).join(', ')
  throw new UDPipeError('ERR_OPTION_UNKNOWN', `${what}: there is no option '${unknown}'; the options are ${known}.`)
}

/**
 * Makes sure that a number is one, finite, and at least `min`.
 *
 * @throws RangeError
 */
export function requireFinite(name: string, value: number, min?: number): void {
  if (Number.isFinite(value) && value >= (min ?? -Infinity)) return
  const bound = min === undefined ? 'a finite number' : `a finite number of at least ${min}`
  throw new RangeError(`${name} must be ${bound}; it was ${String(value)}.`)
}

/**
 * Makes sure that a span of time ends after it begins.
 *
 * @throws RangeError
 */
export function requireSpan(name: string, span: { readonly fromMs: number; readonly untilMs: number }): void {
  if (typeof span !== 'object' || (span as unknown) === null) throw invalid(name, 'an object', span)
  const { fromMs, untilMs } = span
  if (!(untilMs > fromMs)) throw new RangeError(`A ${name} must end after it begins, not last ${fromMs}–${untilMs} ms.`)
}

/**
 * Makes sure that a host is a numeric address: a simulation looks up no names.
 *
 * @throws UDPipeError `ERR_OPTION_INVALID`
 */
export function requireHost(name: string, host: string): void {
  if (typeof host === 'string' && familyOf(host) !== undefined) return
  throw invalid(name, "a numeric address such as '10.0.0.1', because a simulation looks up no names", host)
}

/**
 * Makes sure that something can be called.
 *
 * @throws UDPipeError `ERR_ARGUMENT_INVALID`
 */
export function requireFunction(name: string, value: unknown): void {
  if (typeof value === 'function') return
  throw new UDPipeError('ERR_ARGUMENT_INVALID', `${name} must be a function; it was ${show(value)}.`)
}

/** The error for a value of the wrong kind. */
export function invalid(name: string, expected: string, value: unknown): UDPipeError {
  return new UDPipeError('ERR_OPTION_INVALID', `${name} must be ${expected}; it was ${show(value)}.`)
}

/** A value as a sentence names it. */
export function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'function') return 'a function'
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}
