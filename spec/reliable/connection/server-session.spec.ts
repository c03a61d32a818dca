import { describe, expect, it } from 'vitest'
import { packetOfConnect } from '../../../lib/reliable/wire/handshake.ts'
import type { SessionEvent } from '../../../lib/session/session.ts'
import { ReliableWorld, type ReliableWorldOptions } from '../../support/reliable-world.ts'

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
      uplink: { duplicate: 1 },
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

describe('ReliableServerSession, of a client that may have moved', () => {
  /** A connection, and what the client says, which does not arrive by itself from now on. */
  function connectAndTap() {
    const world = createWorld({ settings: { reconnect: false } })
    const { client, server } = world.connect()
    world.run(500)
    // A kernel that was not told of the peer hands over what comes from anywhere.
    server.port.unsetPeer()
    const said: Uint8Array[] = []
    const events: SessionEvent[] = []
    server.onEvent = (event) => void events.push(event)
    const brought = new Set<string>()
    const filter = (bytes: Uint8Array): boolean => (said.push(bytes.slice()), brought.has(bytes.join()))
    world.uplink(client).configure({ filter })
    const answers: Uint8Array[] = []
    world.network.open({ name: 'stranger', handleDatagram: (_now, bytes) => (answers.push(bytes), '') }, stranger)
    const say = (message: string): Uint8Array => {
      client.send(message)
      world.run(1)
      const datagram = said.at(-1)
      if (datagram === undefined) throw new Error('The client said nothing.')
      return datagram
    }
    const bring = (datagram: Uint8Array, from = stranger): void => {
      brought.add(datagram.join())
      world.network.inject(world.now, datagram.slice(), from, server.socket.address)
      world.run(60)
    }
    return { world, client, server, events, answers, say, bring }
  }

  it('asks the other address to prove itself, in fewer bytes than came, and goes on to talk to the old one', () => {
    const { client, server, events, answers, say, bring } = connectAndTap()
    const datagram = say('from elsewhere')
    bring(datagram)
    expect(answers).toHaveLength(1)
    expect(answers[0]?.length).toBeLessThan(datagram.length)
    expect(events.map(({ type }) => type)).toContain('message')
    expect(events.map(({ type }) => type)).not.toContain('migrated')
    server.send('down')
    expect(server.session.remote).toEqual(client.socket.address)
  })

  it('does not look at a packet from elsewhere that is not the newest, nor at one twice', () => {
    const { server, answers, say, bring } = connectAndTap()
    const [older, newer] = [say('a message that is older'), say('a message that is newer')]
    bring(newer)
    const { droppedForeign } = server.session.stats
    bring(older)
    bring(newer)
    expect(answers).toHaveLength(1)
    expect(server.session.stats.droppedForeign).toBe(droppedForeign + 2)
  })

  it('takes what does not open for a stranger’s, and answers nothing', () => {
    const { server, answers, say, bring } = connectAndTap()
    const broken = say('hello')
    broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1
    bring(broken)
    expect(answers).toEqual([])
    expect(server.session.stats).toMatchObject({ droppedForeign: 1, droppedMalformed: 0 })
  })

  it('is not over its stall by what comes from an address that has proved nothing', () => {
    const { world, server, say, bring } = connectAndTap()
    world.run(1_500)
    expect(server.session.state).toBe('stalled')
    bring(say('from elsewhere'))
    expect(server.session.state).toBe('stalled')
  })

  it('hears nobody else while its socket is connected, until it is stalled', () => {
    const world = createWorld()
    const { client, server } = world.connect()
    world.run(100)
    world.move(client, stranger)
    const events: SessionEvent['type'][] = []
    server.onEvent = ({ type }) => void events.push(type)
    world.run(3_000)
    expect(events.filter((type) => type !== 'ping')).toEqual(['peer', 'stalled', 'peer', 'migrated', 'unstalled'])
    expect(server.session.remote).toEqual(stranger)
  })

  it('tells of no move once the end was told of, and takes CLOSED to the new address nevertheless', () => {
    const world = createWorld()
    const { client, server } = world.connect()
    server.port.unsetPeer()
    const events: SessionEvent['type'][] = []
    server.onEvent = ({ type }) => void events.push(type)
    world.run(100)
    world.downlink(client).configure({ loss: 1 })
    client.close()
    world.waitFor(() => events.includes('ended'))
    world.move(client, stranger)
    world.downlink(client).configure({ loss: 0 })
    world.run(2_000)
    expect(client.isOver).toBe(true)
    expect(server.session.remote).toEqual(stranger)
    expect(events).not.toContain('migrated')
  })

  it('hears the client although somebody else was quicker with each of its datagrams', () => {
    const { world, client, server, say, bring } = connectAndTap()
    world.run(1_500)
    const datagram = say('copied')
    bring(datagram)
    bring(datagram, client.socket.address)
    expect(server.session.state).toBe('connected')
    expect(server.session.remote).toEqual(client.socket.address)
  })
})
