import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const bench = fileURLToPath(new URL('..', import.meta.url))

/**
 * Compiles a C program of this folder, unless that was done since it changed.
 *
 * @param source relative to `bench/`
 * @returns the path of the program
 * @throws Error with `hint` when the compiler or a library is missing
 */
export function buildProgram(source: string, libraries: readonly string[], hint: string): string {
  const from = join(bench, source)
  const to = join(bench, 'build', basename(source, '.c'))
  if (existsSync(to) && statSync(to).mtimeMs > statSync(from).mtimeMs) return to
  mkdirSync(join(bench, 'build'), { recursive: true })
  try {
    // Whoever looks for the program meanwhile, or after a compiler that was killed, never finds half of it.
    const made = `${to}.${process.pid}`
    execFileSync('cc', ['-O2', '-o', made, from, ...libraries], { stdio: 'pipe' })
    renameSync(made, to)
  } catch (error) {
    throw new Error(`${hint} (${firstLine(error as Error & { readonly stderr?: Buffer })})`, { cause: error })
  }
  return to
}

function firstLine(error: Error & { readonly stderr?: Buffer }): string {
  const text = error.stderr?.toString().trim() ?? ''
  return (text === '' ? error.message : text).split('\n')[0] ?? ''
}
