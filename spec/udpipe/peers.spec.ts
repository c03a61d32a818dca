import { inspect } from 'node:util'
import { UDPipe, type Peer } from 'udpipe'
import { World } from 'udpipe/simulator'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { runProgram } from '../node/run-program.ts'
import { RecordingPipe } from '../support/recording-pipe.ts'
import { createRig } from '../support/rig.ts'

describe('peer(id)', () => {
  it('is the peer with that id, on both sides', async () => {
    const rig = createRig('reliable')
    const { server, client, clientPeer, serverPeer } = await rig.connectedPair()

    expect(server.peer(clientPeer.id)).toBe(clientPeer)
    expect(client.peer(serverPeer.id)).toBe(serverPeer)
    expect(server.peer(clientPeer.id + 1)).toBeUndefined()
    expect(new UDPipe().peer(1)).toBeUndefined()
  })

  it('is still there while it is lost and may come back, and gone when it is over', async () => {
    const rig = createRig('reliable')
    const { server, client, clientPeer } = await rig.connectedPair({ server: { resumeWindowMs: 5_000 } })
    rig.freeze(client)

    await rig.pass(11_000)
    expect([clientPeer.state, server.peer(clientPeer.id), server.peerCount]).toEqual(['waiting', clientPeer, 0])
    await rig.pass(5_000)

    expect([clientPeer.state, server.peer(clientPeer.id)]).toEqual(['closed', undefined])
  })

  it('is none before the connection has stood', () => {
    const rig = createRig('reliable')
    const client = rig.pipe()
    void client.connect('127.0.0.1', 9)

    expect(client.server?.state).toBe('dialing')
    expect(client.peer(client.server?.id ?? 0)).toBeUndefined()
  })
})

describe('peerCount', () => {
  it('is how many connections stand', async () => {
    const rig = createRig('reliable')
    const server = rig.pipe()
    const clients = [rig.pipe(), rig.pipe(), rig.pipe()]
    expect(server.peerCount).toBe(0)
    await rig.connect(server, await rig.start(server), ...clients)
    expect([server.peerCount, clients[0]?.peerCount]).toEqual([3, 1])

    void server.close(server.lastPeer)

    expect(server.peerCount).toBe(2)
  })
})

describe('state and server', () => {
  it('tell where a client is in its life', async () => {
    const rig = createRig('reliable')
    const [server, client] = [rig.pipe(), rig.pipe()]
    const port = await rig.start(server)
    expect([client.state, client.server]).toEqual(['idle', undefined])

    void client.connect('localhost', port)
    expect([client.state, client.server]).toEqual(['dialing', undefined])
    await rig.until(() => client.names.includes('onConnect'))
    expect([client.state, client.server]).toEqual(['connected', client.lastPeer])

    void client.close()
    expect(client.state).toBe('closing')
    await rig.until(() => client.signal.aborted)
    expect([client.state, client.server]).toEqual(['closed', client.lastPeer])
  })

  it('tell where a server is in its life', async () => {
    const rig = createRig('reliable')
    const { server } = await rig.connectedPair()
    expect([rig.pipe().state, server.state, server.server]).toEqual(['idle', 'listening', undefined])

    void server.close()
    expect(server.state).toBe('closing')
    await rig.until(() => server.signal.aborted)

    expect(server.state).toBe('closed')
  })
})

describe('sendAll to a room', () => {
  it('reaches those in it, each once, but not those who are excepted or gone', async () => {
    const rig = createRig('reliable')
    const server = rig.pipe()
    const clients = [rig.pipe(), rig.pipe(), rig.pipe(), rig.pipe({ reconnect: false })]
    await rig.connect(server, await rig.start(server), ...clients)
    const [a, b, c, gone] = [...server.peers()] as [Peer, Peer, Peer, Peer]
    void gone.close()
    await rig.until(() => server.names.includes('onDisconnect'))

    expect(server.sendAll('set', { to: new Set([a, b, gone]) })).toBe(2)
    expect(server.sendAll('list', { to: [b, b, a], except: a })).toBe(1)
    expect(server.sendAll('generator', { to: server.peers(), except: [a, b], channel: 3 })).toBe(1)
    expect(server.sendAll('nobody', { to: [] })).toBe(0)
    await rig.until(() => (clients[1]?.messages.length ?? 0) === 2 && (clients[2]?.messages.length ?? 0) === 1)

    expect(clients.map(({ messages }) => messages)).toEqual([['set'], ['set', 'list'], ['generator'], []])
    expect(c.id).toBe(3)
  })
})

describe('console.log of a peer', () => {
  it('shows its id, its address, its state and its round trip', async () => {
    const rig = createRig('reliable')
    const { clientPeer } = await rig.connectedPair()
    const { id, port, rttMs } = clientPeer

    const shown = inspect(clientPeer)

    expect(shown).toBe(`Peer { id: ${id}, address: '127.0.0.1:${port}', state: 'connected', rttMs: ${rttMs} }`)
    expect(inspect({ winner: clientPeer }, { breakLength: 200 })).toContain(`winner: ${shown}`)
  })
})

describe('onReconnecting', () => {
  it('tells of each attempt and how long it waits, and counts anew after a connection', () => {
    const world = new World({ seed: 5 })
    world.start(new UDPipe(), 1234)
    const reconnect = { minDelayMs: 1_000, maxDelayMs: 4_000 }
    const client = world.connect(new RecordingPipe({ handshakeTimeoutMs: 500, reconnect }), 1234)
    world.waitFor(() => client.names.includes('onConnect'))

    world.blackout(client, 20_000)
    world.waitFor(() => client.called('onConnect').length === 2)

    const plans = client.called('onReconnecting').map(([plan]) => plan)
    expect(plans.length).toBeGreaterThan(2)
    expect(plans.map(({ attempt }) => attempt)).toEqual(plans.map((_, i) => i + 1))
    for (const [i, { delayMs }] of plans.entries()) {
      const longestMs = Math.min(4_000, 1_000 * 2 ** i)
      expect([i, delayMs >= longestMs / 2 && delayMs <= longestMs]).toEqual([i, true])
    }
    expect(client.names.slice(client.names.indexOf('onDisconnect'))[1]).toBe('onReconnecting')
  })

  it('is silent where the client does not dial again', async () => {
    const rig = createRig('reliable')
    const { server, client } = await rig.connectedPair({ client: { reconnect: false } })

    void server.close(server.lastPeer)
    await rig.until(() => client.names.includes('onDisconnect'))

    expect(client.names).not.toContain('onReconnecting')
  })

  it('may close the client, which then dials no more', async () => {
    const rig = createRig('reliable')
    const { server, client } = await rig.connectedPair()
    client.onReconnecting = () => void client.close()

    void server.close(server.lastPeer)
    await rig.passUntil(() => client.signal.aborted)

    expect(client.called('onConnect')).toHaveLength(1)
  })
})

describe('the clock of a peer', () => {
  it('is told within its error bound, there and back', () => {
    const world = new World({ seed: 9, link: { delayMs: 40 } })
    const server = world.start(new RecordingPipe(), 1234, { clock: { offsetMs: 5_000 } })
    const client = world.connect(new UDPipe(), 1234, { downlink: { delayMs: 60 } })
    expect(client.server?.stats.clockErrorMs).toBeNaN()
    expect(client.server?.remoteTime(0)).toBeNaN()

    world.run(3_000)

    const peer = client.server
    if (peer === undefined) throw new Error('There is no server.')
    const [here, there] = [world.program(client).now, world.program(server).now]
    const { clockErrorMs } = peer.stats
    expect(clockErrorMs).toBeGreaterThanOrEqual(50)
    expect(clockErrorMs).toBeLessThan(60)
    expect(Math.abs(peer.remoteTime(here) - there)).toBeLessThanOrEqual(clockErrorMs)
    expect(peer.remoteTime(here)).toBe(here + peer.clockOffsetMs)
    expect(peer.localTime(peer.remoteTime(here))).toBeCloseTo(here, 9)
  })

  it('cannot be told of a classic peer', async () => {
    const rig = createRig('classic')
    const { clientPeer } = await rig.connectedPair()

    expect([clientPeer.remoteTime(1), clientPeer.localTime(1), clientPeer.stats.clockErrorMs]).toEqual([NaN, NaN, NaN])
  })
})

describe('UDPipe<UserData>', () => {
  it('types what a program keeps with its peers', () => {
    interface Player {
      readonly name: string
    }
    class Game extends UDPipe<Player> {
      override onConnect(peer: Peer<Player>): void {
        peer.userData = { name: 'ada' }
      }
    }

    expectTypeOf<Parameters<Game['onNewMessage']>[1]['userData']>().toEqualTypeOf<Player>()
    expectTypeOf(new Game().peer(1)).toEqualTypeOf<Peer<Player> | undefined>()
    expectTypeOf(new Game().server).toEqualTypeOf<Peer<Player> | undefined>()
    expectTypeOf(new Game().peers()).toEqualTypeOf<Generator<Peer<Player>, void, void>>()
    expectTypeOf(new UDPipe().peer(1)?.userData).toEqualTypeOf<unknown>()
    expectTypeOf(new Game()).toExtend<UDPipe>()
  })
})

describe('unref', () => {
  it('lets the process end while the UDPipe is open and runs', async () => {
    expect(await runProgram('unref.ts')).toEqual({ code: 0, output: 'connected\n' })
  })
})
