/** Installs the peers when that was not done yet; those that fail to install are absent, and the benchmarks say so. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('.', import.meta.url))
if (!existsSync(new URL('node_modules', import.meta.url))) {
  // Not `npm ci`: it refuses a lock without the platforms that a peer names and never published for.
  const install = ['install', '--no-save', '--no-audit', '--no-fund']
  const { status } = spawnSync('npm', install, { cwd: folder, stdio: 'inherit' })
  if (status !== 0) console.error('The peers could not be installed: measuring without them.')
}
