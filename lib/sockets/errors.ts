import { UDPipeError, type ErrorCode } from '../core/errors.ts'

export { toOpenError } from '../node/socket-error.ts'
export { UDPipeError, type ErrorCode }

/** What a call was handed is not what it takes. */
export function invalidArgument(message: string): UDPipeError {
  return new UDPipeError('ERR_ARGUMENT_INVALID', message)
}

/** Options that exclude each other, or that miss one another. */
export function invalidOption(message: string): UDPipeError {
  return new UDPipeError('ERR_OPTION_INVALID', message)
}

/** A package that this library needs for one thing only, and that is therefore installed by whoever wants that. */
export function dependencyMissing(name: string, what: string, cause: unknown): UDPipeError {
  return new UDPipeError(
    'ERR_DEPENDENCY_MISSING',
    `${what} need the package '${name}', which is not installed: npm install ${name}`,
    { cause },
  )
}
