import { createConnectToken, type ConnectTokenOptions, type TicketInfo, type UDPipeOptions } from 'udpipe'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { RecordingPipe } from '../support/recording-pipe.ts'
import { createRig, type Rig } from '../support/rig.ts'

const key = new Uint8Array(32).fill(7)

afterEach(() => {
  vi.useRealTimers()
})

function tokenFor(port: number, changes: Partial<ConnectTokenOptions> = {}): string {
  return createConnectToken({ key, clientId: 'Ada', servers: [`127.0.0.1:${port}`], ...changes })
}

/** Lets nobody in, and writes down who it was told they are. */
class ChoosyPipe extends RecordingPipe {
  readonly tickets: unknown[] = []

  override onNewClient(...args: [Buffer, string, number, string, number, TicketInfo?]): boolean {
    this.tickets.push(args[5])
    return false
  }
}

async function startServer(rig: Rig, options: UDPipeOptions = {}) {
  const server = rig.pipe({ connectTokenKey: key, ...options })
  return { server, port: await rig.start(server) }
}

describe('connect tokens', () => {
  it('lead a client to its server, which knows who it is', async () => {
    const rig = createRig('reliable')
    const { server, port } = await startServer(rig)
    const client = rig.pipe({ connectToken: tokenFor(port, { userData: 'red team' }) })
    void client.connect()
    await rig.until(() => server.names.includes('onConnect') && client.names.includes('onConnect'))

    expect(server.lastPeer.clientId).toBe('Ada')
    expect(String(server.lastPeer.userData)).toBe('red team')
    expect(client.lastPeer.clientId).toBeUndefined()
    client.send('hello')
    await rig.until(() => server.messages.includes('hello'))
  })

  it('tell onNewClient, which may refuse', async () => {
    const rig = createRig('reliable')
    const server = rig.add(new ChoosyPipe({ ...rig.options, connectTokenKey: key }))
    const port = await rig.start(server)
    const client = rig.pipe({ connectToken: tokenFor(port), reconnect: false })
    void client.connect()
    await rig.until(() => client.errorCodes.includes('ERR_REFUSED'))

    expect(server.tickets).toEqual([{ clientId: 'Ada', userData: Buffer.alloc(0) }])
  })

  it('keep out whoever has none', async () => {
    const rig = createRig('reliable')
    const { server, port } = await startServer(rig)
    const client = rig.pipe({ reconnect: false })
    void client.connect('127.0.0.1', port)
    await rig.until(() => client.errorCodes.includes('ERR_REFUSED'))

    expect(server.names).toEqual(['onBadToken'])
    expect(server.counters.badTokens).toBe(1)
  })

  it('are good once: the second client with it is sent away for good', async () => {
    const rig = createRig('reliable')
    const { server, port } = await startServer(rig)
    const connectToken = tokenFor(port)
    const [first, second] = [rig.pipe({ connectToken }), rig.pipe({ connectToken })]
    void first.connect()
    await rig.until(() => server.names.includes('onConnect'))
    void second.connect()
    await rig.until(() => second.signal.aborted)

    expect(second.called('onError')[0]?.[0].message).toContain('the connect token has been used')
    expect(server.counters.refusedTickets).toBe(1)
  })

  it('expire', async () => {
    const rig = createRig('reliable')
    const { port } = await startServer(rig)
    const connectToken = tokenFor(port, { expiresInMs: 5_000 })
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 6_000 })
    const client = rig.pipe({ connectToken })
    void client.connect()
    await rig.until(() => client.signal.aborted)

    expect(client.called('onError')[0]?.[0].message).toContain('the connect token has expired')
  })

  it('are good at the servers that they name alone', async () => {
    const rig = createRig('reliable')
    const { port } = await startServer(rig)
    const client = rig.pipe({ connectToken: tokenFor(port === 1 ? 2 : 1), reconnect: false })
    void client.connect('127.0.0.1', port)
    await rig.until(() => client.signal.aborted)

    expect(client.called('onError')[0]?.[0].message).toContain('the connect token is for another server')
  })

  it('may name a server by an address that it is told is its own', async () => {
    const rig = createRig('reliable')
    const { server, port } = await startServer(rig, { publicAddresses: ['203.0.113.7:1234'] })
    const connectToken = tokenFor(port, { servers: ['203.0.113.7:1234'] })
    const client = rig.pipe({ connectToken })
    void client.connect('127.0.0.1', port)
    await rig.until(() => server.names.includes('onConnect'))
  })

  it('lead to the next server when one is full', async () => {
    const rig = createRig('reliable')
    const full = await startServer(rig, { maxClients: 1 })
    const free = await startServer(rig)
    const servers = [`127.0.0.1:${full.port}`, `127.0.0.1:${free.port}`]
    const resident = rig.pipe({ connectToken: tokenFor(full.port) })
    void resident.connect()
    await rig.until(() => full.server.names.includes('onConnect'))
    const client = rig.pipe({ connectToken: tokenFor(0, { servers }) })
    void client.connect()
    await rig.until(() => free.server.names.includes('onConnect'))

    expect(full.server.names).toContain('onMaxClients')
    expect(client.errorCodes).toEqual(['ERR_REFUSED'])
  })

  it('are asked for anew for each connection where a function gets them', async () => {
    const rig = createRig('reliable')
    const { server, port } = await startServer(rig)
    const connectToken = vi.fn(() =>
      Promise.resolve(tokenFor(port, { clientId: `Ada ${connectToken.mock.calls.length}` })),
    )
    const client = rig.pipe({ connectToken, reconnect: { minDelayMs: 100, maxDelayMs: 100 } })
    void client.connect()
    await rig.until(() => server.names.includes('onConnect'))
    void server.close(server.lastPeer)
    await rig.passUntil(() => server.called('onConnect').length === 2)

    expect(server.called('onConnect').map(([peer]) => peer.clientId)).toEqual(['Ada 1', 'Ada 2'])
  })

  it('may fail to be had: the first time ends the attempt, later ones are tried again', async () => {
    const rig = createRig('reliable')
    const { server, port } = await startServer(rig)
    let isDown = true
    const connectToken = (): string => {
      if (isDown) throw new Error('the backend is down')
      return tokenFor(port)
    }
    const client = rig.pipe({ connectToken, reconnect: { minDelayMs: 100, maxDelayMs: 100 } })
    await expect(client.connect()).rejects.toMatchObject({ code: 'ERR_CONNECT_TOKEN_UNAVAILABLE' })
    client.step()
    isDown = false
    void client.connect()
    await rig.until(() => server.names.includes('onConnect'))
    isDown = true
    void server.close(server.lastPeer)
    await rig.passUntil(() => client.errorCodes.length >= 3)
    isDown = false
    await rig.passUntil(() => server.called('onConnect').length === 2)

    expect(new Set(client.errorCodes)).toEqual(new Set(['ERR_CONNECT_TOKEN_UNAVAILABLE']))
  })
})

describe('a key that is rotated', () => {
  it('lets tokens of the new one and of the old one in', async () => {
    const rig = createRig('reliable')
    const newKey = Buffer.alloc(32, 9).toString('base64url')
    const { server, port } = await startServer(rig, { connectTokenKey: [newKey, key] })
    for (const connectToken of [tokenFor(port), tokenFor(port, { key: newKey })]) {
      const before = server.called('onConnect').length
      const client = rig.pipe({ connectToken })
      void client.connect()
      await rig.until(() => server.called('onConnect').length > before)
    }
  })
})

describe('createConnectToken', () => {
  const good: ConnectTokenOptions = { key, clientId: 'Ada', servers: ['192.0.2.1:1234'] }

  it.each<[string, object]>([
    ['a key of another length', { key: new Uint8Array(31) }],
    ['a key that is no base64url', { key: '!' }],
    ['no client id', { clientId: '' }],
    ['a long client id', { clientId: '♥'.repeat(22) }],
    ['no time', { expiresInMs: 0 }],
    ['no servers', { servers: [] }],
    ['too many servers', { servers: Array.from({ length: 17 }, () => '192.0.2.1:1') }],
    ['a name', { servers: ['localhost:1234'] }],
    ['much user data', { userData: new Uint8Array(257) }],
  ])('does not take %s', (_what, change) => {
    expect(() => createConnectToken({ ...good, ...change })).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT_INVALID' }),
    )
  })

  it('never says a key in an error', () => {
    const secret = 'c2VjcmV0LXNlY3JldC1zZWNyZXQ'
    expect(() => createConnectToken({ ...good, key: secret })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining(secret) as string }),
    )
  })
})

describe('the options of connect tokens', () => {
  it.each<[string, UDPipeOptions]>([
    ['a key for the classic protocol', { connectTokenKey: key, protocols: ['reliable', 'classic'] }],
    ['a short key', { connectTokenKey: 'abc' }],
    ['no keys', { connectTokenKey: [] }],
    ['addresses that are names', { publicAddresses: ['localhost:1'] }],
  ])('do not take %s', (_what, options) => {
    expect(() => createRig('reliable').pipe(options)).toThrow(expect.objectContaining({ code: 'ERR_OPTION_INVALID' }))
  })

  it('do not take what is no token', () => {
    const rig = createRig('reliable')
    expect(() => rig.pipe({ connectToken: 'nonsense' })).toThrow(
      expect.objectContaining({ code: 'ERR_CONNECT_TOKEN_INVALID' }),
    )
  })
})
