import { describe, expect, it } from 'vitest'
import { packetOfConnect } from '../../lib/protocol/handshake.ts'
import type { SessionEvent } from '../../lib/session/session.ts'
import { ReliableWorld, type ReliableWorldOptions } from '../support/reliable-world.ts'

const decoder = new TextDecoder()
const stranger = { host: '66.6.6.6', port: 666 }

function startsWith(bytes: Uint8Array, word: string): boolean {
  return decoder.decode(bytes.subarray(0, word.length)) === word
}

function createWorld(options: Partial<ReliableWorldOptions> = {}): ReliableWorld {
  return new ReliableWorld({ seed: 1, link: { delayMs: 25 }, ...options })
}

/** A client of which nothing but HELLO arrives, with all the datagrams that it says. */
function dialUnheard(world: ReliableWorld) {
  const said: Uint8Array[] = []
  const client = world.dial({
    uplink: {
      filter: (bytes) => {
        said.push(bytes.slice())
        return startsWith(bytes, 'HELLO')
      },
    },
  })
  world.run(60)
  const server = world.serverEnd(client)
  const connect = said.find((bytes) => startsWith(bytes, 'CONNECT'))
  if (server === undefined || connect === undefined) throw new Error('The client did not say CONNECT.')
  return { client, server, connect }
}

describe('ReliableServerSession', () => {
  it('is silent until a CONNECT comes', () => {
    const world = createWorld()
    const { client, server } = dialUnheard(world)
    server.send('waits')
    const before = world.downlink(client).stats.offeredPackets
    world.run(1_000)
    expect(server.session.state).toBe('connecting')
    expect(world.downlink(client).stats.offeredPackets).toBe(before)
  })

  it('takes the client to be where the CONNECT comes from that opens', () => {
    const world = createWorld()
    const { server, connect } = dialUnheard(world)
    const events: SessionEvent[] = []
    server.onEvent = (event) => void events.push(event)
    world.network.inject(world.now, connect, stranger, server.socket.address)
    world.run(30)
    expect(server.session.state).toBe('connected')
    expect(events[0]).toEqual({ type: 'peer', remote: stranger })
  })

  it('takes no CONNECT in which one bit of the tag differs, and counts it', () => {
    const world = createWorld()
    const { server, connect } = dialUnheard(world)
    for (let bit = 0; bit < 64; bit += 1) {
      const forged = connect.slice()
      const at = connect.length - 1 - (bit >> 3)
      forged[at] = (forged[at] ?? 0) ^ (1 << (bit & 7))
      world.network.inject(world.now, forged, stranger, server.socket.address)
    }
    world.run(30)
    expect(server.session.state).toBe('connecting')
    expect(server.session.stats.droppedMalformed).toBe(64)
  })

  it('takes no CONNECT with another id than its own, whatever is behind it, and counts it', () => {
    const world = createWorld()
    const { server, connect } = dialUnheard(world)
    const other = connect.slice()
    other[9] = (other[9] ?? 0) ^ 1
    world.network.inject(world.now, other, stranger, server.socket.address)
    world.run(30)
    expect(server.session.state).toBe('connecting')
    expect(server.session.stats).toMatchObject({ droppedForeign: 1, droppedMalformed: 0 })
    world.network.inject(world.now, connect, stranger, server.socket.address)
    world.run(30)
    expect(server.session.state).toBe('connected')
  })

  it('takes neither a bare packet nor a HELLO for CONNECT', () => {
    const world = createWorld()
    const { server, connect } = dialUnheard(world)
    const packet = packetOfConnect(connect)
    if (packet === undefined) throw new Error('CONNECT carries no packet.')
    world.network.inject(world.now, packet, stranger, server.socket.address)
    world.network.inject(world.now, new Uint8Array(1_200), stranger, server.socket.address)
    world.run(30)
    expect(server.session.state).toBe('connecting')
    expect(server.session.stats).toMatchObject({ droppedForeign: 1, droppedMalformed: 1 })
  })

  it('answers each new CONNECT with CONNECTED, and a copy of one with nothing', () => {
    const world = createWorld()
    let answers = 0
    const client = world.dial({
      downlink: {
        filter: (bytes) => {
          if (startsWith(bytes, 'CONNECTED')) answers += 1
          return startsWith(bytes, 'CONNECT\0')
        },
      },
      uplink: { duplicateRate: 1 },
    })
    world.run(2_000)
    expect(client.session.state).toBe('connecting')
    const said = client.session.stats.sentPackets - 1
    expect(answers).toBe(said)
  })

  it('cannot be entered with the CONNECT of an earlier connection', () => {
    const world = createWorld()
    const hellos: Uint8Array[] = []
    const connects: Uint8Array[] = []
    const client = world.dial({
      uplink: {
        filter: (bytes) => {
          if (startsWith(bytes, 'HELLO')) hellos.push(bytes.slice())
          if (startsWith(bytes, 'CONNECT')) connects.push(bytes.slice())
          return true
        },
      },
    })
    world.run(200)
    client.close()
    world.run(5_000)
    expect(world.server.clientCount).toBe(0)

    // The whole handshake again, from elsewhere: HELLO finds a port, and CONNECT does not fit it.
    for (const hello of hellos) world.network.inject(world.now, hello, stranger, world.server.address)
    world.run(30)
    const [replayed] = world.server.endpoints
    if (replayed === undefined) throw new Error('The HELLO was not let in.')
    for (const connect of connects) world.network.inject(world.now, connect, stranger, replayed.socket.address)
    world.run(1_000)
    expect(replayed.session.state).toBe('connecting')
    world.run(5_000)
    expect(world.server.clientCount).toBe(0)
  })

  it('that is closed before the client came tells it so, with the code and the reason', () => {
    const world = createWorld({ settings: { reconnect: false } })
    const client = world.dial()
    const events: SessionEvent[] = []
    client.onEvent = (event) => void events.push(event)
    world.waitFor(() => client.session.state === 'connecting')
    world.serverEnd(client)?.close(9, 'going down')
    world.run(3_000)
    expect(events).toContainEqual({
      type: 'ended',
      cause: 'closed-there',
      code: 9,
      reason: 'going down',
      willReconnect: false,
    })
    expect(world.server.clientCount).toBe(0)
  })
})
