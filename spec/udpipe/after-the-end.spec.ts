import { UDPipe, type DisconnectInfo, type Peer, type UDPipeError } from 'udpipe'
import { describe, expect, it } from 'vitest'
import { RecordingPipe } from '../support/recording-pipe.ts'
import { createRig } from '../support/rig.ts'

describe.each(['classic', 'reliable'] as const)('in onDisconnect, a %s peer', (protocol) => {
  it.each<[end: string, close: (server: UDPipe, peer: Peer) => void]>([
    ['it was closed', (_server, peer) => void peer.close()],
    ['the server closes', (server) => void server.close()],
  ])('takes no more, without throwing, when %s', async (_end, close) => {
    const rig = createRig(protocol)
    const { server, client } = await rig.connectedPair({ client: { reconnect: false } })
    const results = { server: answersIn(server), client: answersIn(client) }

    close(server, server.lastPeer)
    await rig.passUntil(() => results.server.length > 0 && results.client.length > 0)

    expect(results).toEqual({ server: [false], client: [false] })
    await rig.pass(6_000)
    expect(() => server.lastPeer.send('too late')).toThrow(expect.objectContaining({ code: 'ERR_PEER_CLOSED' }))
  })

  it('takes no more, without throwing, when it fell silent', async () => {
    const rig = createRig(protocol)
    const { client, server } = await rig.connectedPair({ client: { reconnect: false } })
    const results = answersIn(client)
    rig.freeze(server)

    await rig.pass(10_100)

    expect(results).toEqual([false])
  })
})

describe('connect in onDisconnect', () => {
  it.each(['classic', 'reliable'] as const)('works with reconnect: false, on a %s client', async (protocol) => {
    const rig = createRig(protocol)
    const [first, second] = [rig.pipe(), rig.pipe()]
    const ports = [await rig.start(first), await rig.start(second)]
    const client = rig.add(new Wandering(ports[1] ?? 0, { ...rig.options, reconnect: false }))
    await rig.connect(first, ports[0] ?? 0, client)
    const [peer] = first.peers()

    void first.close(peer, { reason: 'this server is going away' })
    await rig.until(() => second.names.includes('onConnect') && client.called('onConnect').length === 2)

    expect(client.names.filter((name) => /^on(?:Dis)?[Cc]onnect$/.test(name))).toEqual([
      'onConnect',
      'onDisconnect',
      'onConnect',
    ])
    expect(client.lastPeer).not.toBe(client.called('onConnect')[0]?.[0])
    expect(client.server).toBe(client.lastPeer)
    client.send('hello again')
    await rig.until(() => second.messages.length > 0)
    expect(client.signal.aborted).toBe(false)
  })

  it('leaves to the lost connection what is still to be told of it', async () => {
    const rig = createRig('reliable')
    const [first, second] = [rig.pipe(), rig.pipe()]
    const ports = [await rig.start(first), await rig.start(second)]
    const client = rig.add(new Wandering(ports[1] ?? 0, { ...rig.options, reconnect: false }))
    await rig.connect(first, ports[0] ?? 0, client)
    const { lastPeer } = client
    const sentBefore = client.getSentPackets()

    rig.freeze(client)
    void first.close(first.lastPeer)
    await rig.settle()
    client.send('nobody says that this arrived')
    rig.thaw(client)
    await rig.until(() => client.called('onConnect').length === 2)
    await rig.pass(6_000)

    expect(client.called('onUndelivered')).toEqual([
      [[expect.objectContaining({ message: Buffer.from('nobody says that this arrived') })], lastPeer],
    ])
    expect(lastPeer.state).toBe('closed')
    expect(client.counters.sentPackets).toBe(client.getSentPackets())
    expect(client.getSentPackets()).toBeGreaterThan(sentBefore)
    expect(client.signal.aborted).toBe(false)
  })

  it('ends as any other connection does, and takes its loop with it', async () => {
    const server = new UDPipe()
    const { port } = await server.start(0, '127.0.0.1')
    void server.run()
    const client = new Wandering(port, { reconnect: false })
    void client.connect('127.0.0.1', port)
    const running = client.run()
    while (client.called('onConnect').length < 1) await turn()
    for (const peer of server.peers()) void peer.close()
    while (client.called('onConnect').length < 2) await turn()

    await client.close()

    await expect(running).resolves.toBeUndefined()
    await server.close()
    expect(process.getActiveResourcesInfo().filter((name) => name === 'UDPWRAP')).toEqual([])
  })

  it('may be start, where the player who was a guest is the host from now on', async () => {
    const rig = createRig('reliable')
    const server = rig.pipe()
    const heir = rig.add(new Heir({ ...rig.options, reconnect: false }))
    const other = rig.pipe()
    await rig.connect(server, await rig.start(server), heir)

    void server.close()
    await rig.until(() => heir.state === 'listening')
    void other.connect('127.0.0.1', heir.port)
    await rig.until(() => heir.peerCount === 1)

    expect(heir.state).toBe('listening')
  })

  it('works in onError, too, when the last attempt has failed', async () => {
    const rig = createRig('reliable')
    const server = rig.pipe()
    const port = await rig.start(server)
    const client = rig.add(new SecondChoice(port, { ...rig.options, reconnect: false, handshakeTimeoutMs: 100 }))

    const first = client.connect('127.0.0.1', 9)
    await rig.passUntil(() => client.names.includes('onConnect'))

    await expect(first).rejects.toMatchObject({ code: 'ERR_HANDSHAKE_TIMEOUT' })
    expect(client.errorCodes).toEqual(['ERR_HANDSHAKE_TIMEOUT'])
  })

  it('is refused while the client dials again by itself', async () => {
    const rig = createRig('reliable')
    const { server, client } = await rig.connectedPair()
    void server.close(server.lastPeer)
    await rig.until(() => client.names.includes('onDisconnect'))

    expect(() => client.connect('127.0.0.1', 9)).toThrow(expect.objectContaining({ code: 'ERR_ALREADY_STARTED' }))
  })
})

/** Dials another server when it is disconnected for good. */
class Wandering extends RecordingPipe {
  readonly #port: number

  constructor(port: number, options: ConstructorParameters<typeof RecordingPipe>[0] & object) {
    super(options)
    this.#port = port
  }

  override onDisconnect(peer: Peer, info: DisconnectInfo): void {
    super.onDisconnect(peer, info)
    if (!info.willReconnect && this.called('onDisconnect').length === 1) {
      void this.connect('127.0.0.1', this.#port)
    }
  }
}

class Heir extends RecordingPipe {
  port = 0

  override onDisconnect(peer: Peer, info: DisconnectInfo): void {
    super.onDisconnect(peer, info)
    if (this.port !== 0) return
    void this.start(0, '127.0.0.1', { privatePorts: { min: 41_000, max: 41_999 } }).then(
      ({ port }) => (this.port = port),
    )
  }
}

class SecondChoice extends RecordingPipe {
  readonly #port: number

  constructor(port: number, options: ConstructorParameters<typeof RecordingPipe>[0] & object) {
    super(options)
    this.#port = port
  }

  override onError(error: UDPipeError): void {
    super.onError(error)
    void this.connect('127.0.0.1', this.#port)
  }
}

/** What `send` returns in `onDisconnect`, each time that fires. */
function answersIn(pipe: RecordingPipe): boolean[] {
  const answers: boolean[] = []
  const record = pipe.onDisconnect.bind(pipe)
  pipe.onDisconnect = (peer, info) => {
    record(peer, info)
    answers.push(peer.send('farewell'))
    peer.ping()
  }
  return answers
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}
