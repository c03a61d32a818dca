import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { translationOf } from './translation.mjs'

/** Hands Node the JavaScript of a TypeScript file. */
export async function load(url, context, nextLoad) {
  if (!url.endsWith('.ts')) return nextLoad(url, context)
  const path = fileURLToPath(url)
  return { format: 'module', source: await translationOf(path, readFileSync(path, 'utf8')), shortCircuit: true }
}
