import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

/** What became of a program. */
interface ProgramResult {
  readonly code: number | null
  /** What it wrote to standard output, then to standard error. */
  readonly output: string
}

/** Runs one of the programs beside these specs in a process of its own. */
export async function runProgram(name: string, ...nodeOptions: string[]): Promise<ProgramResult> {
  return await run(process.execPath, [...nodeOptions, '--import', 'tsx', pathOf(name)])
}

/** Runs one of the programs beside these specs in a process that may have few files and sockets open. */
export async function runProgramWithFewFiles(name: string, maxFiles: number): Promise<ProgramResult> {
  const command = `ulimit -n ${maxFiles} && exec "$0" --import tsx "$1"`
  return await run('/bin/sh', ['-c', command, process.execPath, pathOf(name)])
}

async function run(command: string, args: readonly string[]): Promise<ProgramResult> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: 20_000 })
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { code: child.exitCode, output: stdout + stderr }
}

function pathOf(name: string): string {
  return fileURLToPath(new URL(`programs/${name}`, import.meta.url))
}
