import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { root } from './snippets.ts'

/** Runs a program as a file of this package, so that `udpipe` names the source, and returns what it prints, without colours. */
export function runProgram(program: string): string {
  const folder = mkdtempSync(join(root, 'spec/docs/.snippet-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'snippet.ts'), program)
  const args = ['--conditions', '@udpipe/source', '--import', 'tsx', join(folder, 'snippet.ts')]
  const env = { ...process.env, FORCE_COLOR: undefined, NO_COLOR: '1' }
  return execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000, env })
}
