import { describe, expect, it, onTestFinished } from 'vitest'
import type { UDPipeOptions } from 'udpipe'
import { Relay } from '../../lib/relay/relay.ts'
import { monotonicMs } from '../../lib/node/clock.ts'
import type { Rig } from '../support/rig.ts'
import { createRig } from '../support/rig.ts'
import { freePort, openRawSocket } from '../support/raw-socket.ts'
import type { RecordingPipe } from '../support/recording-pipe.ts'

const quickToReturn: UDPipeOptions = {
  timeoutMs: 2_000,
  reconnect: { minDelayMs: 100, maxDelayMs: 800, attempts: Infinity },
}
const quick: UDPipeOptions = { timeoutMs: 2_000 }

/** The connections that stood, and how each ended, in order. */
function lives(pipe: RecordingPipe): string[] {
  return pipe.names.filter((name) => name === 'onConnect' || name === 'onDisconnect')
}

/** A pair of which the server has lost the client, whose main loop stands still. */
async function loseClient(rig: Rig, options: UDPipeOptions = {}) {
  const pair = await rig.connectedPair({ server: { ...quick, ...options }, client: quickToReturn })
  pair.clientPeer.userData = 'mine'
  rig.freeze(pair.client)
  await rig.passUntil(() => pair.server.names.includes('onDisconnect'))
  return pair
}

describe('a connection that was lost', () => {
  it('goes on where both ends lost it, with the same peers and without losing a message', async () => {
    const rig = createRig('reliable')
    const { server, client, clientPeer, serverPeer } = await loseClient(rig)
    expect(clientPeer.state).toBe('waiting')
    expect([...server.peers()]).toEqual([])
    for (const text of ['one', 'two']) clientPeer.send(text)

    rig.thaw(client)
    client.send('sent before it knew')
    await rig.passUntil(() => client.names.includes('onDisconnect'))
    client.send('sent while it dialed')
    await rig.passUntil(() => lives(server).length === 3 && server.messages.length === 2)
    await rig.passUntil(() => client.messages.length === 2)

    expect(client.messages).toEqual(['one', 'two'])
    expect(server.messages).toEqual(['sent before it knew', 'sent while it dialed'])
    expect(lives(server)).toEqual(['onConnect', 'onDisconnect', 'onConnect'])
    expect(lives(client)).toEqual(['onConnect', 'onDisconnect', 'onConnect'])
    expect(server.lastPeer).toBe(clientPeer)
    expect(clientPeer.userData).toBe('mine')
    expect(client.lastPeer).toBe(serverPeer)
    expect([...server.names, ...client.names]).not.toContain('onUndelivered')
    expect(server.called('onNewClient')).toHaveLength(1)
    expect(server.counters.resumptions).toBe(1)
    expect(client.counters.resumptions).toBe(1)
  })

  it('goes on where only the client lost it, and each onConnect has its onDisconnect', async () => {
    const rig = createRig('reliable')
    const pair = await rig.connectedPair({ server: { timeoutMs: 60_000 }, client: quickToReturn })
    rig.freeze(pair.server)
    await rig.passUntil(() => pair.client.names.includes('onStalled'))
    pair.client.send('one')
    await rig.passUntil(() => pair.client.names.includes('onDisconnect'))

    rig.thaw(pair.server)
    await rig.passUntil(() => pair.server.messages.length === 1 && lives(pair.client).length === 3)

    expect(lives(pair.server)).toEqual(['onConnect', 'onDisconnect', 'onConnect'])
    expect(pair.server.called('onDisconnect')[0]?.[1]).toMatchObject({ timedOut: true, willReconnect: false })
    expect(pair.client.called('onDisconnect')[0]?.[1]).toMatchObject({ timedOut: true, willReconnect: true })
    expect([...pair.server.peers()]).toEqual([pair.clientPeer])
  })

  it('is over for the server when nobody came back in time, and the client begins anew', async () => {
    const rig = createRig('reliable')
    const { server, client, clientPeer } = await loseClient(rig, { resumeWindowMs: 1_000 })
    clientPeer.send('too late')
    await rig.passUntil(() => server.names.includes('onUndelivered'))
    expect(server.called('onUndelivered')[0]?.[0].map(({ message }) => message.toString())).toEqual(['too late'])
    expect(clientPeer.state).toBe('closed')

    rig.thaw(client)
    await rig.passUntil(() => server.called('onConnect').length === 2)

    expect(server.lastPeer).not.toBe(clientPeer)
    expect(server.counters.resumptions).toBe(0)
  })

  it('is not kept by a server that was told so', async () => {
    const rig = createRig('reliable')
    const { clientPeer } = await loseClient(rig, { resumeWindowMs: 0 })

    expect(clientPeer.state).toBe('closed')
  })

  it('hands back what may not have arrived when the server has restarted, and sends the rest', async () => {
    const rig = createRig('reliable')
    const { server, client, port } = await rig.connectedPair({ server: quick, client: quickToReturn })
    rig.freeze(server)
    client.send('into the dark')
    await rig.passUntil(() => client.names.includes('onStalled'))
    client.send('never sent')
    await rig.passUntil(() => client.names.includes('onDisconnect'))
    void server.close()
    rig.thaw(server)
    await rig.passUntil(() => server.signal.aborted)
    const restarted = rig.pipe()

    await restarted.start(port, '127.0.0.1')
    await rig.passUntil(() => restarted.messages.length === 1)

    const undelivered = client.called('onUndelivered').flatMap(([messages]) => messages)
    expect(undelivered.map(({ message }) => message.toString())).toEqual(['into the dark'])
    expect(restarted.messages).toEqual(['never sent'])
  })
})

describe('a connection that waits for its client', () => {
  it('gives its place to a newcomer when the server is full', async () => {
    const rig = createRig('reliable')
    const { server, port, clientPeer } = await loseClient(rig, { maxClients: 1 })
    clientPeer.send('given up')
    const newcomer = rig.pipe(quickToReturn)

    void newcomer.connect('127.0.0.1', port)
    await rig.passUntil(() => newcomer.names.includes('onConnect'))

    expect(server.names).not.toContain('onMaxClients')
    expect(server.called('onUndelivered')).toHaveLength(1)
    expect(server.counters.evictedClients).toBe(1)
    expect(clientPeer.state).toBe('closed')
  })

  it('gives its port to a newcomer when there is no other', async () => {
    const rig = createRig('reliable')
    const privatePort = await freePort()
    const privatePorts = { min: privatePort, max: privatePort }
    const { server, port, clientPeer } = await loseClient(rig, { privatePorts })
    const newcomer = rig.pipe(quickToReturn)

    void newcomer.connect('127.0.0.1', port)
    await rig.passUntil(() => newcomer.names.includes('onConnect'))

    expect(server.errorCodes).toEqual([])
    expect(server.counters.evictedClients).toBe(1)
    expect(server.lastPeer.localPort).toBe(privatePort)
    expect(clientPeer.state).toBe('closed')
  })

  it('keeps it while the program does not want the newcomer', async () => {
    const rig = createRig('reliable')
    const { server, port, clientPeer } = await loseClient(rig, { maxClients: 1 })
    server.onNewClient = () => false
    const newcomer = rig.pipe({ reconnect: false })

    void newcomer.connect('127.0.0.1', port)
    await rig.passUntil(() => newcomer.errorCodes.length > 0)

    expect(newcomer.errorCodes).toEqual(['ERR_REFUSED'])
    expect(clientPeer.state).toBe('waiting')
  })
})

describe('at a shared port, a client that comes back', () => {
  /** A NAT stands here for a server that is at 127.0.0.1. */
  const NAT_HOST = '127.0.0.2'

  function startNat(port: number): Relay {
    const nat = new Relay({
      listen: { host: NAT_HOST, port },
      target: { host: '127.0.0.1', port },
      link: {},
      seed: 1,
      clock: monotonicMs,
      onWarning: () => {},
    })
    onTestFinished(() => {
      nat.close()
    })
    return nat
  }

  /** A client behind a NAT and its neighbour, and a server that has lost the first since the NAT is gone. */
  async function loseBehindNat(options: UDPipeOptions = {}) {
    const rig = createRig('reliable')
    const server = rig.pipe({ ...quick, privatePorts: 'shared', advertisedHost: NAT_HOST, ...options })
    const port = await rig.start(server)
    const nat = startNat(port)
    const client = rig.pipe(quickToReturn)
    void client.connect(NAT_HOST, port)
    await rig.passUntil(() => server.names.includes('onConnect') && client.names.includes('onConnect'))
    const clientPeer = server.lastPeer
    nat.close()
    await rig.passUntil(() => server.names.includes('onDisconnect') && client.names.includes('onDisconnect'))
    return { rig, server, client, clientPeer, port }
  }

  it('is found behind another address, and goes on there', async () => {
    const { rig, server, client, clientPeer, port } = await loseBehindNat()
    const formerPort = clientPeer.port
    client.send('from elsewhere')
    clientPeer.send('back')
    startNat(port)

    await rig.passUntil(() => server.messages.length === 1 && client.messages.length === 1)

    expect(lives(server)).toEqual(['onConnect', 'onDisconnect', 'onConnect'])
    expect([...server.peers()]).toEqual([clientPeer])
    expect(clientPeer.port).not.toBe(formerPort)
    expect(server.called('onNewClient')).toHaveLength(1)
    expect(server.counters.resumptions).toBe(1)
    expect(server.counters.evictedClients).toBe(0)
  })

  it('keeps its place while a classic client, which is known by nothing else, requests from its address', async () => {
    const { rig, server, client, clientPeer, port } = await loseBehindNat({ protocols: ['reliable', 'classic'] })
    const stranger = await openRawSocket(clientPeer.port)
    stranger.say('HELLO ', port)
    await rig.passUntil(() => server.errorCodes.length > 0)
    expect(server.errorCodes).toEqual(['ERR_NO_FREE_PORT'])
    expect(server.counters.evictedClients).toBe(0)
    expect(clientPeer.state).toBe('waiting')

    startNat(port)
    await rig.passUntil(() => client.called('onConnect').length === 2)
    expect([...server.peers()]).toEqual([clientPeer])
  })
})
