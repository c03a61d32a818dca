import { describe, expect, it } from 'vitest'
import { brokenRules } from './lint-as.ts'

/** A file that imports something. */
const importing = (specifier: string): string => `import { x } from '${specifier}'\nexport const y = x`

describe('a room of lib/', () => {
  it.each([
    ['lib/host/example.ts', '../port/inbox.ts'],
    ['lib/host/example.ts', '../reliable/handshake/client.ts'],
    ['lib/reliable/handshake/example.ts', '../wire/packet.ts'],
    ['lib/node/example.ts', 'node:dgram'],
    ['lib/cli/example.ts', 'node:fs'],
    ['lib/cli/example.ts', '../node/ticks.ts'],
  ])('may import what stands below it: %s imports %s', async (path, specifier) => {
    expect(await brokenRules(importing(specifier), path)).toEqual([])
  })

  it.each([
    ['what stands above it', importing('../host/udpipe.ts'), 'lib/port/example.ts'],
    ['what stands above it, from a floor', importing('../handshake/client.ts'), 'lib/reliable/wire/example.ts'],
    ['a neighbour', importing('../classic/words.ts'), 'lib/session/example.ts'],
    ['the public names', importing('../index.ts'), 'lib/core/example.ts'],
    ['a type, all the same', "import type { X } from '../node/crypto.ts'\nexport type Y = X", 'lib/host/example.ts'],
    ['something in passing', "export { x } from '../node/clock.ts'", 'lib/host/example.ts'],
    ['something when it runs', "export const x = import('../node/clock.ts')", 'lib/host/example.ts'],
    ['the type of a module', "export type X = import('../node/clock.ts').X", 'lib/host/example.ts'],
    ['a module of Node', importing('node:os'), 'lib/host/example.ts'],
    ['a package', importing('picocolors'), 'lib/simulator/example.ts'],
  ])('may not import %s', async (_what, code, path) => {
    expect(await brokenRules(code, path)).toEqual(['udpipe/rooms'])
  })
})

describe('a pure room', () => {
  it.each([
    ['Buffer', 'export const x = Buffer.alloc(1)', 'no-restricted-globals'],
    ['process', 'export const x = process.pid', 'no-restricted-globals'],
    ['setTimeout', 'setTimeout(() => {}, 1)', 'no-restricted-globals'],
    ['Date.now', 'export const x = Date.now()', 'no-restricted-properties'],
    ['the current date', 'export const x = new Date()', 'no-restricted-syntax'],
    ['Math.random under another name', 'export const { random } = Math', 'no-restricted-properties'],
    ['a global by way of globalThis', 'globalThis.setTimeout(() => {}, 1)', 'no-restricted-properties'],
  ])('may not use %s', async (_what, code, rule) => {
    for (const path of ['lib/host/example.ts', 'lib/reliable/channel/example.ts']) {
      expect(await brokenRules(code, path)).toEqual([rule])
    }
  })
})

describe('an example', () => {
  it('imports the public name, and nothing of lib/', async () => {
    expect(await brokenRules(importing('udpipe'), 'examples/example.ts')).toEqual([])
    expect(await brokenRules(importing('../../lib/index.ts'), 'examples/demo/example.ts')).toEqual([
      'no-restricted-imports',
    ])
  })
})
