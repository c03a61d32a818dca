import fc from 'fast-check'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { client, server, type Client, type Server, type ServerClient } from 'udpipe/websocket'
import { fuzzRuns } from '../support/fuzz-runs.ts'
import { RawPeer } from '../support/raw-peer.ts'

let listening: Server
let come: ((ws: ServerClient) => void)[]
beforeAll(async () => {
  come = []
  listening = await server.listen({
    port: 0,
    interface: '127.0.0.1',
    default: (ws) => come.shift()?.(ws),
    closeTimeoutMs: 200,
    maxInboxMessages: 2,
  })
})
afterAll(() => listening.close())

async function pair(): Promise<{ near: Client; far: ServerClient }> {
  const near = client.copas({ closeTimeoutMs: 200, maxInboxMessages: 2 })
  const arrived = new Promise<ServerClient>((resolve) => come.push(resolve))
  const [far] = await Promise.all([arrived, near.connect(`ws://127.0.0.1:${listening.port}`)])
  return { near, far }
}

/** What may happen at either end: some of it while reading is paused, because nothing is received. */
const acts = {
  send: (end: Client | ServerClient) => end.send('x'),
  sendMuch: (end: Client | ServerClient) => Promise.all(Array.from({ length: 5 }, () => end.send('x'.repeat(1000)))),
  receive: (end: Client | ServerClient) => void end.receive(),
  receiveAndWait: (end: Client | ServerClient) => Promise.race([end.receive(), turn()]),
  close: (end: Client | ServerClient) => void end.close(4001, 'enough'),
  closeAndWait: (end: Client | ServerClient) => end.close(),
  drop: (end: Client | ServerClient) => end.terminate(),
  ping: (end: Client | ServerClient) => void end.ping(),
  pass: () => turn(),
} as const

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1))
}

/** Receives until there is nothing more, and counts the ends that are told; `wrong state` is none. */
async function countEnds(end: Client | ServerClient): Promise<number> {
  for (let ends = 0; ;) {
    const result = await end.receive()
    if (result[0] !== undefined) continue
    if (result[4] === 'wrong state') return ends
    ends += 1
  }
}

describe('an end', () => {
  it('comes exactly once, in every order of what may happen', async () => {
    const step = fc.tuple(fc.boolean(), fc.constantFrom(...(Object.keys(acts) as (keyof typeof acts)[])))
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const { near, far } = await pair()
        const told = { near: 0, far: 0 }
        void near.ended.then(() => (told.near += 1))
        void far.ended.then(() => (told.far += 1))
        for (const [isNear, act] of steps) await acts[act](isNear ? near : far)
        if (near.state === 'OPEN') void near.close()
        // An end that is paused notices only when it reads again.
        const ends = await Promise.all([countEnds(near), countEnds(far)])
        await Promise.all([near.ended, far.ended])

        expect([near.state, far.state]).toEqual(['CLOSED', 'CLOSED'])
        expect([near.closed?.length, far.closed?.length]).toEqual([3, 3])
        for (const count of ends) expect(count).toBeLessThanOrEqual(1)
        for (const one of [near, far]) expect((await one.receive())[4]).toBe('wrong state')
        expect(told).toEqual({ near: 1, far: 1 })
        expect([...listening.clients()]).not.toContain(far)
      }),
      fuzzRuns(150),
    )
  })

  it('is told to one receive when nobody waited', async () => {
    const { near, far } = await pair()
    near.terminate()
    await far.ended

    expect(await countEnds(far)).toBe(1)
    expect(await countEnds(near)).toBe(1)
  })

  it('gives each the goodbye of the other when both say it at once', async () => {
    const { near, far } = await pair()

    const results = await Promise.all([near.close(4001, 'near'), far.close(4002, 'far')])

    expect(results).toEqual([
      [true, 4002, 'far'],
      [true, 4001, 'near'],
    ])
  })

  it('comes when the other process is killed', async () => {
    const arrived = new Promise<ServerClient>((resolve) => come.push(resolve))
    const child = spawn(process.execPath, [
      '-e',
      `const { WebSocket } = require('ws'); new WebSocket('ws://127.0.0.1:${listening.port}'); setInterval(() => {}, 1000)`,
    ])
    const far = await arrived

    child.kill('SIGKILL')

    expect(await far.receive()).toEqual([undefined, undefined, false, 1006, 'closed'])
  })

  it('comes when the other process stands still, by the heartbeat alone', async () => {
    const quiet = await server.listen({
      port: 0,
      interface: '127.0.0.1',
      default: (ws) => come.shift()?.(ws),
      pingIntervalMs: 50,
      pongTimeoutMs: 100,
      tcpKeepAliveMs: 0,
    })
    const arrived = new Promise<ServerClient>((resolve) => come.push(resolve))
    const child = spawn(process.execPath, [
      '-e',
      `const { WebSocket } = require('ws'); new WebSocket('ws://127.0.0.1:${quiet.port}'); setInterval(() => {}, 1000)`,
    ])
    const far = await arrived
    expect(await far.ping()).toBeGreaterThan(0)

    child.kill('SIGSTOP')

    expect(await far.receive()).toEqual([undefined, undefined, false, 1006, 'timeout'])
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
    await quiet.close()
  })
})

describe('whatever comes after the upgrade', () => {
  it('ends that connection alone, with no exception', async () => {
    const { near, far } = await pair()
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 2, maxLength: 400 }), async (bytes) => {
        const arrived = new Promise<ServerClient>((resolve) => come.push(resolve))
        const peer = await RawPeer.connect(listening.port)
        const hit = await arrived
        peer.socket.write(bytes)
        peer.socket.end()
        for (;;) {
          const [message] = await hit.receive()
          if (message === undefined) break
        }
        peer.destroy()
        expect(hit.closed?.length).toBe(3)
      }),
      fuzzRuns(300),
    )
    await near.send('still here')
    expect(await far.receive()).toEqual(['still here', 1])
    near.terminate()
  })

  it('ends a client’s connection alone, too', async () => {
    const { RawServer } = await import('../support/raw-peer.ts')
    const raw = await RawServer.listen()
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 2, maxLength: 400 }), async (bytes) => {
        const one = client.copas({ perMessageDeflate: true })
        const answer = { 'Sec-WebSocket-Extensions': 'permessage-deflate' }
        const [peer] = await Promise.all([raw.accept(answer, bytes), one.connect(`ws://127.0.0.1:${raw.port}`)])
        peer.socket.end()
        while ((await one.receive())[0] !== undefined);
        peer.destroy()
      }),
      fuzzRuns(200),
    )
    await raw.close()
  })
})

describe('whatever is asked for', () => {
  it('is answered or dropped, and others are served', async () => {
    const name = fc.constantFrom(
      'Upgrade',
      'Connection',
      'Host',
      'Sec-WebSocket-Key',
      'Sec-WebSocket-Version',
      'Sec-WebSocket-Protocol',
      'Sec-WebSocket-Extensions',
      'Content-Length',
      'Transfer-Encoding',
      'Expect',
    )
    const value = fc.oneof(
      fc.constantFrom(
        'websocket',
        'upgrade',
        '13',
        '',
        'chunked',
        '100-continue',
        'permessage-deflate; client_max_window_bits=99',
        '0',
        '5',
      ),
      fc.string({ maxLength: 40 }),
    )
    const noise = await server.listen({
      port: 0,
      interface: '127.0.0.1',
      default: (ws) => ws.terminate(),
      on_error: () => {},
      handshakeTimeoutMs: 300,
    })
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(name, value),
        fc.constantFrom('GET / HTTP/1.1', 'GET * HTTP/1.1', 'POST / HTTP/1.1', 'GET http://a/ HTTP/1.1', '\u0000'),
        async (headers, requestLine) => {
          const peer = await RawPeer.open(noise.port)
          peer.request(headers, requestLine)
          peer.socket.end()
          await peer.rest().catch(() => [])
          peer.destroy()
        },
      ),
      fuzzRuns(200),
    )
    const one = client.copas()
    expect((await one.connect(`ws://127.0.0.1:${noise.port}`))[0]).toBe(true)
    await noise.close()
  })
})
