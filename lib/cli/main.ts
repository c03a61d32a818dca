#!/usr/bin/env node
import { CommanderError } from 'commander'
import { exitCodes } from './exit-codes.ts'
import { createProgram } from './program.ts'

try {
  await createProgram().parseAsync()
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  // Commander has said what is wrong, or shown what was asked for; `commander.help` is help that nobody asked for.
  const isAnswer = error.exitCode === 0 && error.code !== 'commander.help'
  process.exitCode = isAnswer ? exitCodes.done : exitCodes.usage
}
