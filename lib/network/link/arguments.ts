import { UDPipeError } from '../../core/errors.ts'
import { result, type Result } from './result.ts'

const MIN_PORT = 1_024
const MAX_PORT = 65_535
const CIPHER_KEY = /^(?:[0-9a-f]{32}|[0-9a-f]{64})$/i

/** Where to listen or to dial, and by which key. */
export interface Target {
  readonly address: string
  /** 0 for any free one. */
  readonly port: number
  /** In lower case; empty for none. */
  readonly cypherkey: string
}

/**
 * Checks the first three arguments of `Server` and `Client`.
 *
 * @returns what is wrong where that depends on the configuration
 * @throws UDPipeError `ERR_ARGUMENT_INVALID` for what is of a wrong type, which only a mistake in the program can be
 */
export function parseTarget(
  what: 'Server' | 'Client',
  address: unknown,
  port: unknown,
  cypherkey: unknown,
): Target | Result {
  if (typeof address !== 'string') throw wrongType(what, 'address', 'a string', address)
  if (port !== undefined && port !== null && typeof port !== 'number') throw wrongType(what, 'port', 'a number', port)
  if (cypherkey !== undefined && cypherkey !== null && typeof cypherkey !== 'string') {
    throw wrongType(what, 'cypherkey', 'a string', cypherkey)
  }
  // The system would take it for every address of this machine.
  if (address === '') return result('ERR_HOST_NOT_FOUND', 'the address is empty: name an address, or a host')
  const isAnyPort = what === 'Server' && (port ?? 0) === 0
  const number = port ?? 0
  if (!isAnyPort && !(Number.isInteger(number) && number >= MIN_PORT && number <= MAX_PORT)) {
    const any = what === 'Server' ? ', or 0 or nothing for any free one' : ''
    return result(
      'ERR_PORT_INVALID',
      `a port is a whole number from ${MIN_PORT} to ${MAX_PORT}${any}; it was ${String(port)}`,
    )
  }
  const key = (cypherkey ?? '').toLowerCase()
  if (key !== '' && !CIPHER_KEY.test(key)) {
    // What was given may be nearly a secret, and results are written to logs.
    return result(
      'ERR_KEY_INVALID',
      'a cypherkey is 32 hexadecimal digits (128 bit) or 64 (256 bit), or nothing for none',
    )
  }
  return { address, port: number, cypherkey: key }
}

/**
 * Checks the argument of `WaitForConnect`.
 *
 * @returns milliseconds
 * @throws UDPipeError `ERR_ARGUMENT_INVALID`
 */
export function parseWait(timeoutSeconds: unknown): number {
  if (typeof timeoutSeconds === 'number' && timeoutSeconds >= 0.25 && timeoutSeconds <= 10) return timeoutSeconds * 1000
  throw new UDPipeError(
    'ERR_ARGUMENT_INVALID',
    `WaitForConnect(timeoutSeconds): a number of seconds from 0.25 to 10; it was ${show(timeoutSeconds)}.`,
  )
}

/** `ERR_ARGUMENT_INVALID`: an argument of a wrong type. */
export function wrongType(call: string, name: string, expected: string, value: unknown): UDPipeError {
  return new UDPipeError('ERR_ARGUMENT_INVALID', `${call}: ${name} must be ${expected}; it was ${show(value)}.`)
}

function show(value: unknown): string {
  // A string in the wrong place may be a key.
  if (typeof value === 'string') return 'a string'
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object'
  return typeof value === 'function' ? 'a function' : String(value)
}
