import { describe, expect, it } from 'vitest'
import { brokenRules } from './lint-as.ts'

/** The folders that know no socket, clock, timer or randomness. */
const pureFolders = ['core', 'session', 'classic', 'protocol', 'security', 'simulator']

const impurities: readonly (readonly [what: string, code: string, rule: string])[] = [
  ['a module of Node', "import { hostname } from 'node:os'\nexport const x = hostname", 'no-restricted-imports'],
  [
    'a module of Node without its prefix',
    "import { hostname } from 'os'\nexport const x = hostname",
    'no-restricted-imports',
  ],
  ['a package', "import pc from 'picocolors'\nexport const x = pc", 'no-restricted-imports'],
  ['the transport', "import { x } from '../transport/clock.ts'\nexport const y = x", 'no-restricted-imports'],
  [
    'a type of the transport',
    "import type { X } from '../transport/inbox.ts'\nexport type Y = X",
    'no-restricted-imports',
  ],
  ['what the transport exports, in passing', "export { x } from '../transport/clock.ts'", 'no-restricted-imports'],
  ['the public class', "import { UDPipe } from '../udpipe.ts'\nexport const x = UDPipe", 'no-restricted-imports'],
  ['the package itself', "import { UDPipe } from 'udpipe'\nexport const x = UDPipe", 'no-restricted-imports'],
  ['a dynamic import', "export const x = import('node:os')", 'no-restricted-syntax'],
  ["a type of Node's", "export type X = import('node:dgram').Socket", 'no-restricted-syntax'],
  ['Buffer', 'export const x = Buffer.alloc(1)', 'no-restricted-globals'],
  ['process', 'export const x = process.pid', 'no-restricted-globals'],
  ['performance', 'export const x = performance.now()', 'no-restricted-globals'],
  ['crypto', 'export const x = crypto.randomUUID()', 'no-restricted-globals'],
  ['console', "console.log('x')", 'no-restricted-globals'],
  ['fetch', "export const x = fetch('http://127.0.0.1')", 'no-restricted-globals'],
  ['setTimeout', 'setTimeout(() => {}, 1)', 'no-restricted-globals'],
  ['setInterval', 'setInterval(() => {}, 1)', 'no-restricted-globals'],
  ['setImmediate', 'setImmediate(() => {})', 'no-restricted-globals'],
  ['queueMicrotask', 'queueMicrotask(() => {})', 'no-restricted-globals'],
  ['Date.now', 'export const x = Date.now()', 'no-restricted-properties'],
  ['the current date', 'export const x = new Date()', 'no-restricted-syntax'],
  ['Math.random', 'export const x = Math.random()', 'no-restricted-properties'],
  ['Math.random under another name', 'export const { random } = Math', 'no-restricted-properties'],
  ['a global by way of globalThis', 'globalThis.setTimeout(() => {}, 1)', 'no-restricted-properties'],
]

describe.each(pureFolders)('a pure folder, lib/%s', (folder) => {
  const path = `lib/${folder}/example.ts`

  it.each(impurities)('may not use %s', async (_what, code, rule) => {
    expect(await brokenRules(code, path)).toEqual([rule])
  })

  it('may not in a folder of its own either', async () => {
    expect(await brokenRules('export const x = Math.random()', `lib/${folder}/inner/example.ts`)).toEqual([
      'no-restricted-properties',
    ])
  })

  it.each(pureFolders)('may import lib/%s', async (other) => {
    const from = other === folder ? './other.ts' : `../${other}/other.ts`
    expect(await brokenRules(`import { x } from '${from}'\nexport const y = x`, path)).toEqual([])
  })

  it('may use what is in the language', async () => {
    const code = 'export const x = Math.max(1, new TextEncoder().encode(JSON.stringify([])).length)'
    expect(await brokenRules(code, path)).toEqual([])
  })
})

describe.each(['network/wire'])('a pure room of a sibling module, lib/%s', (room) => {
  const path = `lib/${room}/example.ts`

  it.each(impurities)('may not use %s', async (_what, code, rule) => {
    expect(await brokenRules(code, path)).toEqual([rule])
  })

  it.each(['./other.ts', '../../core/other.ts', '../../security/other.ts'])('may import %s', async (from) => {
    expect(await brokenRules(`import { x } from '${from}'\nexport const y = x`, path)).toEqual([])
  })

  it.each(['../index.ts', '../transport/other.ts', '../../errors.ts', '../../index.ts', '../../transport/clock.ts'])(
    'may not import %s',
    async (from) => {
      const code = `import { x } from '${from}'\nexport const y = x`
      expect(await brokenRules(code, path)).toEqual(['no-restricted-imports'])
    },
  )
})
