import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { adapterNames, loadAdapter, type AdapterName } from '../adapters/catalogue.ts'
import type { PeerState } from './results.ts'

/** Looks which peers load, and says why others do not. */
export async function findPeers(only: readonly string[] | undefined): Promise<PeerState[]> {
  const names = adapterNames.filter((name) => only === undefined || only.includes(name))
  return Promise.all(
    names.map(async (name) => {
      try {
        await loadAdapter(name)
        return { name, version: versionOf(name) }
      } catch (error) {
        return { name, version: '', absence: (error as Error).message.split('\n')[0] ?? 'unknown' }
      }
    }),
  )
}

function versionOf(name: AdapterName): string {
  if (name === 'net') return process.version
  if (name === 'ENet') return execFileSync('pkg-config', ['--modversion', 'libenet'], { encoding: 'utf8' }).trim()
  const folder = name === 'udpipe' ? '../..' : `../node_modules/${name}`
  const manifest = readFileSync(new URL(`${folder}/package.json`, import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { readonly version: string }).version
}
