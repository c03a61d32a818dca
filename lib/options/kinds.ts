import { UDPipeError } from '../core/errors.ts'
import { show } from '../core/show.ts'

/**
 * Checks what was given for the option `name`, and fills in what is missing.
 *
 * @throws UDPipeError `ERR_OPTION_INVALID`, or another that says more
 */
export type Parser<T> = (value: unknown, name: string) => T

/** A whole number, which must be there when there is no `fallback`. */
export function integer(min: number, max: number, fallback?: number): Parser<number> {
  return (value = fallback, name) => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
    throw invalid(name, `a whole number from ${min} to ${max}`, value)
  }
}

/** A whole number from 1 up, or `Infinity` for no limit. */
export function count(fallback: number): Parser<number> {
  return (value = fallback, name) => {
    if (value === Infinity || (Number.isSafeInteger(value) && (value as number) >= 1)) return value as number
    throw invalid(name, 'a whole number from 1 up, or Infinity', value)
  }
}

/** A number within bounds, both included. */
export function number(min: number, max: number, fallback: number): Parser<number> {
  return (value = fallback, name) => {
    if (typeof value === 'number' && value >= min && value <= max) return value
    throw invalid(name, `a number from ${min} to ${max}`, value)
  }
}

/** A string that is not empty. */
export function text(what: string): Parser<string> {
  return (value, name) => {
    if (typeof value === 'string' && value !== '') return value
    throw invalid(name, what, value)
  }
}

/** True or false. */
export function flag(fallback: boolean): Parser<boolean> {
  return (value = fallback, name) => {
    if (typeof value === 'boolean') return value
    throw invalid(name, 'true or false', value)
  }
}

/** A function. */
export function callable<T>(): Parser<T> {
  return (value, name) => {
    if (typeof value === 'function') return value as T
    throw invalid(name, 'a function', value)
  }
}

/** What may be missing. */
export function optional<T>(parse: Parser<T>): Parser<T | undefined> {
  return (value, name) => (value === undefined ? undefined : parse(value, name))
}

/** A list with at least one entry, each of which `parse` takes. */
export function list<T>(parse: Parser<T>, fallback: readonly T[]): Parser<readonly T[]> {
  return (value = fallback, name) => {
    if (!Array.isArray(value) || value.length === 0) throw invalid(name, 'a list with at least one entry', value)
    return Object.freeze(value.map((entry) => parse(entry, name)))
  }
}

/** An object whose keys are among those of `known`, when that is given. */
export function record(value: unknown, name: string, known?: object): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(name, 'an object', value)
  const unknown = known && Object.keys(value).find((key) => !Object.hasOwn(known, key))
  if (unknown !== undefined) {
    throw new UDPipeError('ERR_OPTION_UNKNOWN', `There is no '${unknown}' in the option '${name}'.`)
  }
  return value as Record<string, unknown>
}

/** The error for a value that is not what its option needs. */
export function invalid(name: string, expected: string, value: unknown): UDPipeError {
  return new UDPipeError('ERR_OPTION_INVALID', `${name} must be ${expected}; it was ${show(value)}.`)
}
