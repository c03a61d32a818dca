import { ChildProgram, type ChildProgramOptions } from '../support/child-program.ts'

/** What became of a program. */
interface ProgramResult {
  readonly code: number | NodeJS.Signals
  /** What it wrote to standard output, then to standard error. */
  readonly output: string
}

/** Runs one of the programs beside these specs in a process of its own. */
export async function runProgram(name: string, ...nodeOptions: string[]): Promise<ProgramResult> {
  return await run(name, { nodeOptions })
}

/** Runs one of the programs beside these specs in a process that may have few files and sockets open. */
export async function runProgramWithFewFiles(name: string, maxFiles: number): Promise<ProgramResult> {
  return await run(name, { runBy: ['/bin/sh', '-c', `ulimit -n ${maxFiles} && exec "$0" "$@"`] })
}

async function run(name: string, options: ChildProgramOptions): Promise<ProgramResult> {
  const program = new ChildProgram(`spec/node/programs/${name}`, [], options)
  const code = await program.ended
  return { code, output: program.stdout + program.stderr }
}
