import { setTimeout as delay } from 'node:timers/promises'
import * as network from 'udpipe/network'
import { afterEach, describe, expect, it } from 'vitest'
import { ChildProgram, endPrograms } from '../support/child-program.ts'
import { encodeFrameByTheProse, encodeHelloByTheProse } from '../support/network-prose.ts'
import { RawClient, rawServer } from '../support/network-raw-peer.ts'
import { expectCode, NetworkRig } from '../support/network-rig.ts'
import { KEY_128, KEY_256, LIMIT, secretOf } from '../support/network-sessions.ts'

afterEach(endPrograms)

const EMPTY = Buffer.alloc(0)
const keys = ['', KEY_128, KEY_256]

function player(role: 'server' | 'client', port = 0, options: object = {}, transport = 'tcp'): ChildProgram {
  return new ChildProgram('spec/network/programs/player.ts', [role, transport, String(port), JSON.stringify(options)])
}

async function playingServer(
  port = 0,
  options: object = {},
  transport = 'tcp',
): Promise<{ program: ChildProgram; port: number }> {
  const program = player('server', port, options, transport)
  const [, bound = ''] = await program.until(/^port (\d+)\n/)
  return { program, port: Number(bound) }
}

describe('a process at the other end', () => {
  it.each([
    ['tcp', 'ERR_SOCKET'],
    ['udp', 'ERR_TIMEOUT'],
  ] as const)('that is killed: its server and its client are told, over %s', async (transport, code) => {
    const rig = new NetworkRig()
    const options = { transport, timeoutMs: 600, keepAliveMs: 100 }
    const { program: killedServer, port } = await playingServer(0, {}, transport)
    const client = await rig.client('127.0.0.1', port, '', options)
    const server = await rig.server('127.0.0.1', 0, '', options)
    const killedClient = player('client', server.GetPort(), {}, transport)
    await killedClient.until(/CONNECTED OK/)
    await rig.next(network.EVENT_CONNECTED)
    await rig.next(network.EVENT_CONNECT)

    await Promise.all([killedServer.destroy(), killedClient.destroy()])
    const serverClose = await rig.last(network.EVENT_SERVER_CLOSE)
    const clientClose = await rig.last(network.EVENT_CLIENT_CLOSE)
    await rig.settle()

    expect(serverClose.Object).toBe(client)
    expectCode(serverClose.Errors, code)
    expectCode(clientClose.Errors, code)
    expect(rig.words().filter((word) => word.includes('CLOSE'))).toHaveLength(2)
  })

  it.each(['tcp', 'udp'])('that stands still: its connection ends by timeout, over %s', async (transport) => {
    const rig = new NetworkRig()
    const server = await rig.server('127.0.0.1', 0, '', {
      transport: transport as 'tcp',
      timeoutMs: 500,
      keepAliveMs: 100,
    })
    const stopped = player('client', server.GetPort(), { timeoutMs: 1_500, keepAliveMs: 500 }, transport)
    await stopped.until(/CONNECTED OK/)
    await rig.next(network.EVENT_CONNECT)

    stopped.kill('SIGSTOP')
    const { Errors } = await rig.last(network.EVENT_CLIENT_CLOSE)

    expectCode(Errors, 'ERR_TIMEOUT')
    stopped.kill('SIGCONT')
    await stopped.until(/SERVER_CLOSE ERR_(TIMEOUT|SOCKET)/)
  })

  it('that is quiet stays: it is asked for signs of life', async () => {
    const rig = new NetworkRig()
    const server = await rig.server('127.0.0.1', 0, '', { timeoutMs: 300, keepAliveMs: 50 })
    const quiet = player('client', server.GetPort(), { keepAliveMs: 0, timeoutMs: 0 })
    await quiet.until(/CONNECTED OK/)
    await rig.next(network.EVENT_CONNECT)
    await rig.settle(1_000)
    expect(server.ConnectionCount()).toBe(1)
  })

  it('is not taken for dead because this loop stood still', async () => {
    const rig = new NetworkRig()
    const server = await rig.server('127.0.0.1', 0, '', { timeoutMs: 400, keepAliveMs: 100 })
    const client = player('client', server.GetPort())
    await client.until(/CONNECTED OK/)
    await rig.next(network.EVENT_CONNECT)

    for (let i = 0; i < 3; i += 1) {
      const until = performance.now() + 700
      while (performance.now() < until) continue
      await rig.settle(30)
    }

    expect([server.ConnectionCount(), rig.words()]).toEqual([1, ['CONNECT OK']])
  })

  it('whose server is killed and started again on its port is reached again', async () => {
    const rig = new NetworkRig()
    const { program, port } = await playingServer()
    await rig.client('127.0.0.1', port)
    await rig.next(network.EVENT_CONNECTED)
    await program.destroy()
    await rig.next(network.EVENT_SERVER_CLOSE)

    await playingServer(port)
    const again = await rig.client('127.0.0.1', port)
    expect((await again.WaitForConnect(10))[0]).toBe(true)
    again.Send({ echo: 1 })
    expect((await rig.last(network.EVENT_RECEIVE)).Packet).toEqual({ echo: 1 })
  })

  it('ends its process when everything is closed, and with unref at once', async () => {
    const [closed, unref] = ['closed', 'unref'].map(
      (how) => new ChildProgram('spec/network/programs/ending.ts', [how]),
    ) as [ChildProgram, ChildProgram]
    expect(await Promise.all([closed.ended, unref.ended])).toEqual([0, 0])
    expect([closed.stderr, unref.stderr]).toEqual(['', ''])
    expect(closed.stdout).toBe('connected true\nclosed\n')
    expect(unref.stdout).toBe('connected true\n')
  })
})

describe('a peer that does not keep to the wire', () => {
  it.each(keys)('is told the code, ends with one error and its close, and others are unharmed (%#)', async (key) => {
    const rig = new NetworkRig()
    const server = await rig.server('127.0.0.1', 0, key)
    const client = await rig.client('127.0.0.1', server.GetPort(), key)
    await rig.next(network.EVENT_CONNECT)
    const raw = await RawClient.standing(server.GetPort(), key)
    const { Object: connection } = await rig.last(network.EVENT_CONNECT, 2)
    const before = encodeFrameByTheProse({ type: 'TABLE', payload: Buffer.from('93010203', 'hex') })

    raw.socket.write(raw.side.encodeText(Buffer.concat([before, Buffer.of(0, 0, 0, 1, 9)])))
    const { Errors } = await rig.last(network.EVENT_CLIENT_CLOSE)
    await raw.ended()
    client.Send(['fine'])
    await rig.next(network.EVENT_RECEIVE, 2)

    expectCode(Errors, 'ERR_PROTOCOL')
    expect(rig.words(connection)).toEqual([
      'CONNECT OK',
      'RECEIVE OK',
      'ERROR ERR_PROTOCOL',
      'CLIENT_CLOSE ERR_PROTOCOL',
    ])
    const close = raw.frames().at(-1)
    expect([close?.type, close?.payload.readUInt16BE()]).toEqual(['CLOSE', 3])
  })

  it('is reset: the close says so', async () => {
    const rig = new NetworkRig()
    const server = await rig.server('127.0.0.1')
    const raw = await RawClient.standing(server.GetPort())
    await rig.next(network.EVENT_CONNECT)
    raw.socket.resetAndDestroy()
    expectCode((await rig.last(network.EVENT_CLIENT_CLOSE)).Errors, 'ERR_SOCKET')
    await rig.settle()
    expect(rig.words()).toEqual(['CONNECT OK', 'CLIENT_CLOSE ERR_SOCKET'])
  })

  it('says CLOSE of each code, and the close says what that means', async () => {
    const rig = new NetworkRig()
    const server = await rig.server('127.0.0.1')
    const meanings = [
      [0, 'OK'],
      [1, 'ERR_MESSAGE_TOO_LARGE'],
      [2, 'ERR_TABLE_MALFORMED'],
      [3, 'ERR_PROTOCOL'],
      [4, 'ERR_PROTOCOL'],
      [5, 'ERR_FULL'],
      [6, 'ERR_TIMEOUT'],
      [7, 'OK'],
      [8, 'ERR_SLOW'],
      [65_535, 'ERR_PROTOCOL'],
    ] as const
    for (const [i, [code, meaning]] of meanings.entries()) {
      const raw = await RawClient.standing(server.GetPort())
      await rig.next(network.EVENT_CONNECT, i + 1)
      raw.close(code, 'because')
      const { Errors } = await rig.last(network.EVENT_CLIENT_CLOSE, i + 1)
      expectCode(Errors, meaning)
      expect(Errors).toMatch(/because$/)
      await raw.ended()
      expect(raw.hasEnded).toBe(true)
    }
  })

  it('answers PING with PONG before anything is polled', async () => {
    const rig = new NetworkRig()
    const server = await rig.server('127.0.0.1')
    const raw = await RawClient.standing(server.GetPort())
    raw.socket.write(raw.side.encode({ type: 'PING', payload: Buffer.from('hello?') }))
    for (let i = 0; i < 500 && raw.bytes.length < 48 + 5 + 11; i += 1) await delay(5)
    expect(raw.frames()).toEqual([
      { type: 'READY', payload: EMPTY },
      { type: 'PONG', payload: Buffer.from('hello?') },
    ])
  })

  it('that comes in single bytes is served as any other', async () => {
    const rig = new NetworkRig()
    const server = await rig.server('127.0.0.1', 0, KEY_128)
    const raw = new RawClient(server.GetPort(), KEY_128)
    for (const byte of raw.side.hello) {
      raw.socket.write(Buffer.of(byte))
      await delay(0)
    }
    while (raw.bytes.length < 48) await delay(1)
    raw.side.agree(raw.bytes.subarray(0, 48))
    const rest = raw.side.encode({ type: 'READY', payload: EMPTY }, { type: 'TABLE', payload: Buffer.of(0x91, 7) })
    for (const byte of rest) {
      raw.socket.write(Buffer.of(byte))
      await delay(0)
    }
    expect((await rig.last(network.EVENT_RECEIVE)).Packet).toEqual([7])
  })

  it('is a server: a client is told what is wrong with it', async () => {
    const hello = (mode: number): Buffer => encodeHelloByTheProse({ mode, limit: LIMIT, publicKey: secretOf(5) })
    const answers = [
      [Buffer.from('HTTP/1.1 400 Bad Request\r\n'), 'ERR_PROTOCOL'],
      [Buffer.from('S'), 'ERR_PROTOCOL'],
      [hello(1), 'ERR_ENCRYPTION_MISMATCH'],
      [Buffer.concat([hello(0), Buffer.of(0, 0, 0, 3, 4, 0, 5)]), 'ERR_FULL'],
      [Buffer.concat([hello(0), Buffer.of(0, 0, 0, 1, 1)]), 'ERR_PROTOCOL'],
      [EMPTY, 'ERR_SOCKET'],
      [hello(0), 'ERR_SOCKET'],
      [hello(0).subarray(0, 20), 'ERR_SOCKET'],
    ] as const
    for (const [bytes, code] of answers) {
      const rig = new NetworkRig()
      const { port } = await rawServer((socket) => socket.resume().end(bytes))
      await rig.client('127.0.0.1', port)
      const { Result, Errors } = await rig.last(network.EVENT_CONNECTED)
      expect(Result).toBe(false)
      expectCode(Errors, code)
      await rig.settle(20)
      expect(rig.words()).toEqual([`CONNECTED ${code}`])
    }
  })
})

describe('a program that does not poll', () => {
  it.each([false, true])('loses whose EVENT_CONNECT is lost, kept or not (%s)', async (keepConnections) => {
    const [rig, other] = [new NetworkRig(), new NetworkRig()]
    const server = await rig.server('127.0.0.1', 0, '', { keepConnections })
    const client = await other.client('127.0.0.1', server.GetPort())
    await other.next(network.EVENT_CONNECTED)
    for (let i = 0; i < 2_000; i += 1) client.Send([i])

    const { Errors } = await other.last(network.EVENT_SERVER_CLOSE)
    await rig.next(network.EVENT_CLIENT_CLOSE)

    expect(Errors).toBe('OK: the server does not poll its events')
    expect(server.ConnectionCount()).toBe(0)
    expect(rig.of(network.EVENT_CONNECT)).toHaveLength(0)
    expectCode(rig.of(network.EVENT_CLIENT_CLOSE)[0]?.Errors, 'ERR_QUEUE_FULL')
  })

  it('is told when its tables arrived, not when it polled', async () => {
    const rig = new NetworkRig()
    const server = await rig.server('127.0.0.1')
    const client = await rig.client('127.0.0.1', server.GetPort())
    await rig.next(network.EVENT_CONNECT)
    await rig.next(network.EVENT_CONNECTED)
    client.Send(['early'])
    await delay(300)
    const polledAt = performance.timeOrigin + performance.now()
    const { Timestamp } = await rig.last(network.EVENT_RECEIVE)
    expect(polledAt - Timestamp).toBeGreaterThan(100)
  })

  it('is not the reason that a newcomer is taken for slow', async () => {
    const [rig, other] = [new NetworkRig({ maxEventBytes: 64 * 1024 }), new NetworkRig()]
    const server = await rig.server('127.0.0.1', 0, '', { handshakeTimeoutMs: 100 })
    const client = await other.client('127.0.0.1', server.GetPort())
    await other.next(network.EVENT_CONNECTED)
    for (let i = 0; i < 4; i += 1) client.Send([Buffer.alloc(40_000)])
    while (rig.network.counters().pauses === 0) await delay(5)
    const late = await other.client('127.0.0.1', server.GetPort())
    await delay(400)
    expect(other.of(network.EVENT_CONNECTED)).toHaveLength(1)

    await rig.next(network.EVENT_CONNECT, 2)
    expect((await other.last(network.EVENT_CONNECTED, 2)).Object).toBe(late)
    expect(rig.of(network.EVENT_ERROR)).toHaveLength(0)
  })
})

describe('strangers', () => {
  it('that stay half open are ended after handshakeTimeoutMs, and the oldest makes room', async () => {
    const rig = new NetworkRig()
    const server = await rig.server('127.0.0.1', 0, '', { handshakeTimeoutMs: 400, maxHandshakes: 20 })
    const raws = Array.from({ length: 300 }, () => new RawClient(server.GetPort()))
    for (const raw of raws) raw.socket.write(raw.side.hello.subarray(0, 20))

    const client = await rig.client('127.0.0.1', server.GetPort())
    expect((await client.WaitForConnect(10))[0]).toBe(true)
    await Promise.all(raws.map((raw) => raw.ended()))

    rig.poll()
    const { evictedHandshakes, suppressedErrors, connections } = rig.network.counters()
    expect(evictedHandshakes).toBeGreaterThan(200)
    expect(connections).toBe(1)
    const errors = rig.of(network.EVENT_ERROR)
    for (const { Object: object, Errors } of errors) {
      expect(object).toBe(server)
      expectCode(Errors, 'ERR_TIMEOUT')
    }
    expect(errors.length).toBeLessThanOrEqual(40)
    expect(errors.length + suppressedErrors).toBe(300)
  })

  it('that scan the port push no event of others out of the queue', async () => {
    const rig = new NetworkRig()
    const server = await rig.server('127.0.0.1', 0, KEY_128)
    const client = await rig.client('127.0.0.1', server.GetPort(), KEY_128)
    client.Send({ real: true })
    await delay(100)
    for (let i = 0; i < 20; i += 1) {
      const raws = Array.from({ length: 120 }, () => new RawClient(server.GetPort()))
      for (const [k, raw] of raws.entries()) raw.socket.write(k % 2 === 0 ? 'GET / HTTP/1.1\r\n\r\n' : raw.side.hello)
      await Promise.all(raws.map((raw) => raw.ended()))
      for (const raw of raws) raw.socket.destroy()
    }

    rig.poll()
    expect(rig.network.counters().lostEvents).toBe(0)
    expect(rig.network.counters().suppressedErrors).toBeGreaterThan(1_000)
    expect(rig.of(network.EVENT_RECEIVE).map(({ Packet }) => Packet)).toEqual([{ real: true }])
    expect(rig.of(network.EVENT_CONNECT)).toHaveLength(1)
    expect(server.ConnectionCount()).toBe(1)
  })

  it('are answered with nothing when they do not begin like one of ours', async () => {
    const rig = new NetworkRig()
    const server = await rig.server('127.0.0.1')
    const raw = new RawClient(server.GetPort())
    raw.socket.write('GET / HTTP/1.1\r\n\r\n')
    await raw.ended()
    expect(raw.bytes).toHaveLength(0)
    expectCode((await rig.last(network.EVENT_ERROR)).Errors, 'ERR_PROTOCOL')
  })
})

describe('addresses', () => {
  it('IPv6 works as IPv4 does, and a mapped address is given as IPv4', async () => {
    const rig = new NetworkRig()
    for (const transport of ['tcp', 'udp'] as const) {
      const server = await rig.server('::', 0, KEY_128, { transport })
      const before = rig.of(network.EVENT_CONNECT).length
      const six = await rig.client('::1', server.GetPort(), KEY_128, { transport })
      const first = await rig.last(network.EVENT_CONNECT, before + 1)
      const four = await rig.client('127.0.0.1', server.GetPort(), KEY_128, { transport })
      const second = await rig.last(network.EVENT_CONNECT, before + 2)
      await rig.next(network.EVENT_CONNECTED, before + 2)

      expect([server.GetAddress(), first.Object.GetAddress(), second.Object.GetAddress()]).toEqual([
        '::',
        '::1',
        '127.0.0.1',
      ])
      expect([six.GetAddress(), four.GetAddress()]).toEqual(['::1', '127.0.0.1'])
    }
  })

  it('a name is looked up', async () => {
    const rig = new NetworkRig()
    const server = await rig.server('127.0.0.1')
    const client = await rig.client('localhost', server.GetPort())
    expect(client.GetAddress()).toBe('localhost')
    const { Result } = await rig.last(network.EVENT_CONNECTED)
    expect([true, false]).toContain(Result)
    if (Result) expect(client.GetAddress()).toBe('127.0.0.1')
  })
})

describe('a thousand connections', () => {
  it('are served, broadcast to, and leave', { timeout: 60_000 }, async () => {
    const rig = new NetworkRig()
    const count = 1_000
    const server = await rig.server('127.0.0.1', 0, KEY_128, { maxHandshakes: count })
    const clients = await Promise.all(
      Array.from({ length: count }, () =>
        rig.client('127.0.0.1', server.GetPort(), KEY_128, { connectTimeoutMs: 30_000 }),
      ),
    )
    for (const [i, client] of clients.entries()) client.Send([i])
    const received = await rig.next(network.EVENT_RECEIVE, count)
    const numbers = received.map(({ Packet }) => (Packet as number[])[0])
    expect(new Set(numbers).size).toBe(count)
    expect([server.ConnectionCount(), server.Broadcast({ to: 'all' })]).toEqual([count, count])
    await rig.next(network.EVENT_RECEIVE, 2 * count)

    for (const client of clients) client.Disconnect()
    await rig.next(network.EVENT_CLIENT_CLOSE, count)
    await rig.next(network.EVENT_SERVER_CLOSE, count)
    await rig.settle()

    for (const code of [1, 2, 4, 5] as const) expect([code, rig.of(code).length]).toEqual([code, count])
    expect(rig.network.counters()).toMatchObject({ connections: 0, lostEvents: 0 })
  })
})
