import type { Command } from 'commander'
import { UDPipeError } from '../index.ts'
import { exitCodes } from './exit-codes.ts'

/** Ends the command for its wrong usage. */
export function failUsage(command: Command, message: string): never {
  return command.error(`error: ${message}`, { exitCode: exitCodes.usage })
}

/** Returns what `create` does; what the library has to say about its options ends the command as wrong usage. */
export function orUsageError<T>(command: Command, create: () => T): T {
  try {
    return create()
  } catch (error) {
    if (error instanceof UDPipeError) return failUsage(command, error.message)
    throw error
  }
}
