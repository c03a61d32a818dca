import { fileURLToPath } from 'node:url'
import { runInNewContext } from 'node:vm'
import { build, type Rolldown } from 'vite'
import { beforeAll, describe, expect, it } from 'vitest'

const ENTRY = fileURLToPath(new URL('../support/browser-client.ts', import.meta.url))

describe('a client for a browser', () => {
  let code = ''

  beforeAll(async () => {
    const output = (await build({
      configFile: false,
      logLevel: 'error',
      build: {
        write: false,
        minify: false,
        lib: { entry: ENTRY, formats: ['iife'], name: 'bundle' },
        rolldownOptions: { external: [] },
      },
    })) as Rolldown.RolldownOutput[]
    code = output.flatMap(({ output: chunks }) => chunks.map((chunk) => ('code' in chunk ? chunk.code : ''))).join('\n')
  })

  it('is one bundle of the host, the protocols and their security', () => {
    expect(code).toMatch(/ClientEndpoint = class/)
    expect(code).toMatch(/ReliableClient = class/)
    expect(code.length).toBeGreaterThan(100_000)
  })

  it.each([
    ['module of Node', /["'`]node:/],
    ['require', /\brequire\(/],
    ['Buffer', /\bBuffer\b/],
    ['process', /\bprocess\b/],
  ])('has no %s in it', (_what, forbidden) => {
    const withoutComments = code.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
    expect(forbidden.exec(withoutComments)?.[0]).toBeUndefined()
  })

  it('loads where there is nothing but the language and what browsers have', () => {
    const context = { TextEncoder, TextDecoder, AbortController, AbortSignal }
    const bundle = runInNewContext(`${code}; bundle`, context) as { readonly Client: unknown }
    expect(typeof bundle.Client).toBe('function')
  })
})
