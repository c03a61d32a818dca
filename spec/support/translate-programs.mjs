import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { translationOf } from './translation.mjs'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** Where the programs are that are not bundled, and what they import. */
const FOLDERS = ['lib', 'examples']

/** Before any spec runs, translates what the programs of the specs consist of, so that not each of them does. */
export async function setup() {
  for (const folder of FOLDERS) {
    const names = readdirSync(join(ROOT, folder), { recursive: true })
    for (const name of names.filter((candidate) => candidate.endsWith('.ts') && !candidate.endsWith('.spec.ts'))) {
      const path = join(ROOT, folder, name)
      await translationOf(path, readFileSync(path, 'utf8'))
    }
  }
}
