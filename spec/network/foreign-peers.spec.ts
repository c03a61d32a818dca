import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import * as network from 'udpipe/network'
import { describe, expect, it, onTestFinished } from 'vitest'
import { findProgram } from '../support/foreign/find-program.ts'
import { NetworkRig } from '../support/network-rig.ts'
import { KEY_128, KEY_256 } from '../support/network-sessions.ts'

const root = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const PEER = root('spec/support/foreign/network_peer.py')
const LUA_CHECK = "package.path = package.path .. ';/usr/share/lua/5.3/?.lua'; require 'socket'; require 'MessagePack'"

// Debian: python3-msgpack, python3-cryptography; lua5.4, lua-socket, lua-messagepack.
const python = findProgram(['/usr/bin/python3', 'python3'], ['-c', 'import msgpack, cryptography'])
const lua = findProgram(['lua5.4', 'lua'], ['-e', LUA_CHECK])

/** A program in another language, whose lines are waited for. */
class Foreign {
  readonly lines: string[] = []
  readonly ended: Promise<number | null>
  readonly #process

  constructor(command: string, args: readonly string[]) {
    this.#process = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    createInterface({ input: this.#process.stdout }).on('line', (line) => this.lines.push(line))
    this.ended = once(this.#process, 'close').then(([code]) => code as number | null)
    onTestFinished(() => void this.#process.kill('SIGKILL'))
  }

  write(line: string): void {
    this.#process.stdin.write(`${line}\n`)
  }

  end(): void {
    this.#process.stdin.end()
  }
}

describe.skipIf(python === undefined)('a peer in Python, written from the README alone', () => {
  const start = (...args: readonly string[]): Foreign => new Foreign(python ?? '', [PEER, ...args])

  it('reads the golden sessions as they are, with the same Hellos', async () => {
    const program = start('vectors', root('spec/vectors/network-sessions.json'))
    expect(await program.ended).toBe(0)
    expect(program.lines).toEqual(['ok 3'])
  })

  it.each(['', KEY_128, KEY_256])('is a client that is understood, and understands (%#)', async (key) => {
    const rig = new NetworkRig()
    const server = await rig.server('127.0.0.1', 0, key)
    const program = start('client', '127.0.0.1', String(server.GetPort()), key)
    program.write('{"OpCode": 10, "Data": "from Python: é", "list": [1, 2.5, null, -70000]}')
    const { Packet, Object: connection } = await rig.last(network.EVENT_RECEIVE)
    server.Broadcast({ back: Packet, big: 2n ** 60n, text: 'x'.repeat(70_000) })
    await rig.until(() => program.lines.length > 0)
    program.end()
    const { Errors } = await rig.last(network.EVENT_CLIENT_CLOSE)

    expect(Packet).toEqual({ OpCode: 10, Data: 'from Python: é', list: [1, 2.5, null, -70_000] })
    // What JSON says of 2^60 in JavaScript is the same number.
    expect(JSON.parse(program.lines[0] ?? '')).toEqual({ back: Packet, big: 2 ** 60, text: 'x'.repeat(70_000) })
    expect([Errors, connection === rig.of(network.EVENT_CONNECT)[0]?.Object]).toEqual(['OK: done', true])
    expect(await program.ended).toBe(0)
  })

  it.each(['', KEY_128, KEY_256])('is a server that is understood, and understands (%#)', async (key) => {
    const rig = new NetworkRig()
    const program = start('server', key)
    await rig.until(() => program.lines.length > 0)
    const client = await rig.client('127.0.0.1', Number(program.lines[0]), key)
    const table = { a: [1, 'é', null, true], m: new Map([[1, 'one']]), bytes: Buffer.of(1, 2), n: -1.5 }
    for (let i = 0; i < 50; i += 1) client.Send({ i, ...table })
    const received = await rig.next(network.EVENT_RECEIVE, 50)
    client.Disconnect()

    expect(received.map(({ Packet }) => Packet)).toEqual(Array.from({ length: 50 }, (_, i) => ({ i, ...table })))
    await rig.next(network.EVENT_SERVER_CLOSE)
    expect(await program.ended).toBe(0)
    expect(program.lines.at(-1)).toBe('closed 0 ')
  })
})

describe.skipIf(lua === undefined)('a client in Lua, written from the README alone', () => {
  it('sends a table, prints what comes back, and closes', async () => {
    const rig = new NetworkRig()
    const server = await rig.server('127.0.0.1')
    const program = new Foreign(lua ?? '', [
      root('examples/lua/client.lua'),
      '127.0.0.1',
      String(server.GetPort()),
      'Grüße',
    ])
    const { Packet } = await rig.last(network.EVENT_RECEIVE)
    server.Broadcast({
      Data: 'Hello, Lua',
      list: ['a', 'b'],
      map: new Map<network.TableKey, string>([
        [7, 'seven'],
        ['x', 'y'],
      ]),
    })
    const { Errors } = await rig.last(network.EVENT_CLIENT_CLOSE)

    expect(Packet).toEqual(
      new Map<unknown, unknown>([
        ['OpCode', 10],
        ['Data', 'Grüße'],
        ['list', [1, 2.5, true]],
        [7, 'seven'],
        ['empty', []],
      ]),
    )
    expect(Errors).toBe('OK: bye')
    expect(await program.ended).toBe(0)
    expect(program.lines).toEqual([
      'received:',
      '  Data = Hello, Lua',
      '  list = ',
      '    1 = a',
      '    2 = b',
      '  map = ',
      '    7 = seven',
      '    x = y',
    ])
  })

  it('is told so when the server has a key', async () => {
    const rig = new NetworkRig()
    const server = await rig.server('127.0.0.1', 0, KEY_128)
    const program = new Foreign(lua ?? '', [root('examples/lua/client.lua'), '127.0.0.1', String(server.GetPort())])
    expect(await program.ended).not.toBe(0)
  })
})
