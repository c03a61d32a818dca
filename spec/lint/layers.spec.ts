import { describe, expect, it } from 'vitest'
import { brokenRules } from './lint-as.ts'

const socket = "import { createSocket } from 'node:dgram'\nexport const x = createSocket"

describe('the core outside lib/transport', () => {
  it.each(['node:dgram', 'dgram', 'node:dns', 'node:crypto'])('may not import %s', async (name) => {
    const code = `import * as x from '${name}'\nexport const y = x`
    expect(await brokenRules(code, 'lib/example.ts')).toEqual(['no-restricted-imports'])
  })

  it.each([
    ['when it runs', "export const x = import('node:dgram')"],
    ['in a template', 'export const x = import(`node:dgram`)'],
    ['as a type', "export type X = import('node:dgram').Socket"],
    ['as the type of a module', "export type X = typeof import('dgram')"],
  ])('may not import it %s', async (_when, code) => {
    expect(await brokenRules(code, 'lib/example.ts')).toEqual(['no-restricted-syntax'])
  })

  it('may import what else Node has, in the same ways', async () => {
    const code = "export const x = import('node:net')\nexport type Y = import('node:net').Socket"
    expect(await brokenRules(code, 'lib/example.ts')).not.toContain('no-restricted-syntax')
  })

  it('may not in its folders either', async () => {
    expect(await brokenRules(socket, 'lib/cli/example.ts')).toEqual(['no-restricted-imports'])
  })

  it('may use what else Node has', async () => {
    expect(await brokenRules("import { isIP } from 'node:net'\nexport const x = isIP", 'lib/example.ts')).toEqual([])
  })
})

describe('lib/transport', () => {
  it('may open sockets', async () => {
    expect(await brokenRules(socket, 'lib/transport/example.ts')).toEqual([])
  })
})

describe('the siblings', () => {
  const importing = (path: string): string => `import * as x from '${path}'\nexport const y = x`

  it.each([
    ['lib/websocket/example.ts', '../iot/index.ts'],
    ['lib/iot/example.ts', '../websocket/index.ts'],
    ['lib/sockets/example.ts', '../websocket/index.ts'],
    ['lib/example.ts', './websocket/index.ts'],
    ['lib/example.ts', './sockets/connection.ts'],
    ['lib/example.ts', 'ws'],
    ['lib/websocket/example.ts', 'ws'],
    ['lib/websocket/example.ts', 'node:crypto'],
    ['lib/cli/example.ts', 'ws'],
  ])('%s may not import %s', async (file, path) => {
    expect(await brokenRules(importing(path), file)).toEqual(['no-restricted-imports'])
  })

  it.each([
    ['lib/websocket/example.ts', '../sockets/connection.ts'],
    ['lib/sockets/example.ts', 'node:crypto'],
    ['lib/sockets/example.ts', '../errors.ts'],
    ['lib/cli/example.ts', '../websocket/index.ts'],
  ])('%s may import %s', async (file, path) => {
    expect(await brokenRules(importing(path), file)).toEqual([])
  })
})

describe('an example', () => {
  it.each(['../lib/index.ts', '../../lib/udpipe.ts', '../lib/session/address.ts'])(
    'may not import %s',
    async (path) => {
      const code = `import { x } from '${path}'\nexport const y = x`
      expect(await brokenRules(code, 'examples/example.ts')).toEqual(['no-restricted-imports'])
    },
  )

  it('may not in its folders either', async () => {
    const code = "import { UDPipe } from '../../lib/index.ts'\nexport const x = UDPipe"
    expect(await brokenRules(code, 'examples/demo/example.ts')).toEqual(['no-restricted-imports'])
  })

  it('imports the public name', async () => {
    const code = "import { UDPipe } from 'udpipe'\nexport const x = UDPipe"
    expect(await brokenRules(code, 'examples/example.ts')).toEqual([])
  })
})
