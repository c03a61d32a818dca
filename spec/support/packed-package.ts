import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const LIMIT_MS = 300_000
const exec = promisify(execFile)

/** An empty folder of its own; the caller removes it. */
export function temporaryFolder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'udpipe-spec-'))
  return {
    path,
    remove: () => {
      rmSync(path, { recursive: true, force: true })
    },
  }
}

/** Runs a program to its end, and returns its standard output. Rejects when it fails. */
export async function runProgram(command: string, args: readonly string[], cwd: string): Promise<string> {
  const { stdout } = await exec(command, args, { cwd, timeout: LIMIT_MS, maxBuffer: 64 * 1024 * 1024 })
  return stdout
}

/** Builds and packs this package into `folder`, without a look at `dist/`, which others may be building; returns the path of the tarball. */
export async function packPackage(folder: string): Promise<string> {
  const stage = join(folder, 'stage')
  mkdirSync(stage)
  const { files } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { files: readonly string[] }
  const packed = files.filter((file) => file !== 'dist' && !file.startsWith('!'))
  for (const name of ['package.json', 'tsconfig.json', 'README.md', 'LICENSE', ...packed]) {
    cpSync(join(ROOT, name), join(stage, name), { recursive: true })
  }
  symlinkSync(join(ROOT, 'node_modules'), join(stage, 'node_modules'))
  await runProgram(join(ROOT, 'node_modules/.bin/tsc'), ['-p', 'lib'], stage)
  const report = await runProgram('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], stage)
  const [{ filename }] = JSON.parse(report) as [{ filename: string }]
  return join(folder, filename)
}

/** Installs packages in `folder`, as a user does who has an empty one. */
export async function installPackages(folder: string, ...packages: readonly string[]): Promise<void> {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  await runProgram('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...packages], folder)
}
