import { execFileSync } from 'node:child_process'

/**
 * The first of these commands for which a line of its language succeeds; `undefined` where there is none. In CI, where the languages
 * are required, there must be one.
 */
export function findProgram(commands: readonly string[], check: readonly string[]): string | undefined {
  for (const command of commands) {
    try {
      execFileSync(command, check, { stdio: 'ignore' })
      return command
    } catch {
      continue
    }
  }
  if (process.env['CI'] !== undefined)
    throw new Error(`None of ${commands.join(', ')} is installed with what it needs.`)
  return undefined
}
