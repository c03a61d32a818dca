import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { client, server, type Server } from 'udpipe/websocket'
import { RawPeer, RawServer } from '../support/raw-peer.ts'

// What lua-websockets at 1c6e94b said and heard with lua5.1 5.1.5 and lua-copas 1.2.0, byte for byte.

const REQUEST = (protocol: string): string =>
  'GET / HTTP/1.1\r\nHost: 127.0.0.1:19001\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  `Sec-WebSocket-Key: DYjLxg8GYWgLBoAUABU0XQ==\r\nSec-WebSocket-Protocol: ${protocol}\r\nSec-WebSocket-Version: 13\r\n\r\n`
const ANSWER = (protocol: string): string =>
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  `Sec-WebSocket-Accept: YCgePfoDYqq6IJnIOF9h1xDr2Us=\r\n${protocol}\r\n`

/** Says what Lua's client said, and expects what it heard, in turn. */
async function replay(port: number, turns: readonly (readonly [said: string, heard: string])[]): Promise<void> {
  const peer = await RawPeer.open(port)
  const chunks: Buffer[] = []
  peer.socket.on('data', (chunk) => chunks.push(chunk))
  let expected = Buffer.alloc(0)
  for (const [said, heard] of turns) {
    peer.socket.write(bytesOf(said))
    expected = Buffer.concat([expected, bytesOf(heard)])
    while (Buffer.concat(chunks).length < expected.length && !peer.hasEnded) await new Promise(setImmediate)
    expect(Buffer.concat(chunks).toString('latin1')).toBe(expected.toString('latin1'))
  }
  peer.socket.end()
  await peer.gone
}

const bytesOf = (text: string): Buffer => Buffer.from(text, text.includes('HTTP/1.1') ? 'latin1' : 'hex')

describe('a client that is lua-websockets', () => {
  let listening: Server
  const ends: unknown[] = []
  const nextEnd = async (): Promise<unknown> => {
    while (ends.length === 0) await new Promise(setImmediate)
    return ends.pop()
  }
  beforeAll(async () => {
    listening = await server.listen({
      port: 0,
      interface: '127.0.0.1',
      protocols: {
        bye: async (ws) => {
          for (let i = 0; i < 2; i += 1) {
            const [message, opcode] = await ws.receive()
            if (message !== undefined) await ws.send(message, opcode)
          }
          ends.push(await ws.close(4002, 'enough'))
        },
        quiet: (ws) => void ws.ping().then((ms) => ends.push(ms)),
      },
      default: async (ws) => {
        for await (const message of ws) await ws.send(message)
        ends.push(ws.closed)
      },
    })
  })
  afterAll(() => listening.close())

  it('asks for no protocol by an empty header, and is served by the default handler', async () => {
    await replay(listening.port, [
      [REQUEST(''), ANSWER('')],
      ['81853cf4270654914b6a53', '810568656c6c6f'],
      ['8282371630f637e9', '820200ff'],
      ['888f56152d6d59b4410225610d043861481f336659', '880f0fa16c6f737420696e746572657374'],
    ])

    expect(await nextEnd()).toEqual([true, 4001, 'lost interest'])
  })

  it('is closed, and echoes the code without the reason', async () => {
    await replay(listening.port, [
      [REQUEST('bye'), ANSWER('Sec-WebSocket-Protocol: bye\r\n')],
      ['81853cf4270654914b6a53', '810568656c6c6f'],
      ['8282371630f637e9', '820200ff88080fa2656e6f756768'],
      ['888256152d6d59b7', ''],
    ])

    expect(await nextEnd()).toEqual([true, 4002, ''])
  })

  it('never answers a ping, and is not pinged unless the program asks; then with a frame of more than two bytes', async () => {
    const peer = await RawPeer.open(listening.port)
    peer.socket.write(REQUEST('quiet'))

    const ping = await peer.next()

    expect(ping).toMatchObject({ opcode: 9, fin: true })
    expect(ping?.payload.length).toBeGreaterThanOrEqual(1)
    peer.send(1, 'no pong, but a message')
    peer.reset()
    await peer.gone
    expect(await nextEnd()).toBeUndefined()
  })
})

describe('a server that is lua-websockets', () => {
  let raw: RawServer
  beforeAll(async () => {
    raw = await RawServer.listen()
  })
  afterAll(() => raw.close())

  it('echoes, and answers a goodbye with the code alone', async () => {
    const one = client.copas({ timeout: 5 })
    // It repeats the header Connection in lower case.
    const [peer, [ok, protocol]] = await Promise.all([
      raw.accept({ Connection: 'upgrade', 'Sec-WebSocket-Protocol': 'echo' }),
      one.connect(`ws://127.0.0.1:${raw.port}`, ['none', 'echo']),
    ])
    peer.socket.write(bytesOf('810568656c6c6f820200ff'))

    expect([ok, protocol]).toEqual([true, 'echo'])
    expect(await one.receive()).toEqual(['hello', 1])
    expect(await one.receive()).toEqual([Buffer.from([0, 255]), 2])
    const closing = one.close(4001, 'lost interest')
    await peer.next()
    peer.socket.end(bytesOf('88020fa1'))
    expect(await closing).toEqual([true, 4001, ''])
  })

  it('says goodbye in one packet with its last words', async () => {
    const one = client.copas({ timeout: 5 })
    const [peer] = await Promise.all([raw.accept({ Connection: 'upgrade' }), one.connect(`ws://127.0.0.1:${raw.port}`)])
    peer.socket.write(bytesOf('8116676f6f6462796520737472616e676520636c69656e74880903e8737472616e6765'))

    expect(await one.receive()).toEqual(['goodbye strange client', 1])
    const answer = await peer.next()
    peer.socket.end()
    expect(answer).toMatchObject({ opcode: 8, isMasked: true })
    expect(await one.receive()).toEqual([undefined, undefined, true, 1000, 'strange'])
  })
})
