import { spawnSync } from 'node:child_process'

/**
 * Whether a program that is not ours is there. Where it is missing, its specs are skipped, with its name; where the variable
 * `required` of the environment is `required`, as in CI, they fail instead.
 */
export function hasTool(command: string, args: readonly string[], required: 'BROWSER' | 'INTEROP'): boolean {
  const isThere = spawnSync(command, args, { stdio: 'ignore', timeout: 30_000 }).status === 0
  if (!isThere && process.env[required] === 'required') throw new Error(`${command} is required, and missing.`)
  return isThere
}
