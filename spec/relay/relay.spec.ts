import { UDPipe, type Peer, type UDPipeOptions } from 'udpipe'
import { afterEach, describe, expect, it } from 'vitest'
import { Relay, type RelayOptions } from '../../lib/relay/relay.ts'
import type { LinkOptions } from '../../lib/simulator/link-options.ts'
import { monotonicMs } from '../../lib/node/clock.ts'

/** Where servers are, and where the relay stands for them. */
const SERVER_HOST = '127.0.0.1'
const RELAY_HOST = '127.0.0.2'

const closers: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

class EchoServer extends UDPipe {
  override onNewMessage(message: Buffer, peer: Peer): void {
    this.send(message, peer)
  }
}

class Listener extends UDPipe {
  readonly messages: string[] = []
  onMessage: (message: string) => void = () => undefined

  override onNewMessage(message: Buffer): void {
    this.messages.push(message.toString())
    this.onMessage(message.toString())
  }
}

async function startEcho(options: UDPipeOptions): Promise<{ server: EchoServer; port: number }> {
  const server = new EchoServer(options)
  closers.push(() => server.close())
  const { port } = await server.start(0, SERVER_HOST)
  void server.run()
  return { server, port }
}

function startRelay(
  port: number,
  link: LinkOptions,
  options: Partial<RelayOptions> = {},
): { relay: Relay; warnings: string[] } {
  const warnings: string[] = []
  const relay = new Relay({
    listen: { host: RELAY_HOST, port: 0 },
    target: { host: SERVER_HOST, port },
    link,
    seed: 1,
    clock: monotonicMs,
    onWarning: (sentence) => warnings.push(sentence),
    ...options,
  })
  closers.push(() => {
    relay.close()
  })
  return { relay, warnings }
}

async function connect(relay: Relay, options: UDPipeOptions): Promise<Listener> {
  const client = new Listener(options)
  closers.push(() => client.close())
  const connected = client.connect(relay.address.host, relay.address.port)
  void client.run()
  await connected
  return client
}

/** Resolves when the client has heard as many messages. */
function heard(client: Listener, count: number): Promise<void> {
  return new Promise((resolve) => {
    client.onMessage = () => {
      if (client.messages.length === count) resolve()
    }
  })
}

describe('Relay', () => {
  it('carries a classic connection, and makes CONNECT name its own port', async () => {
    const { port } = await startEcho({ protocols: ['classic'] })
    const { relay, warnings } = startRelay(port, {})
    const client = await connect(relay, { protocol: 'classic' })

    const answered = heard(client, 1)
    client.send('through the relay')
    await answered

    const [peer] = client.peers()
    expect(client.messages).toEqual(['through the relay'])
    expect(peer?.address).toBe(RELAY_HOST)
    expect(warnings).toEqual([])
  })

  it('carries a reliable connection to the private port of the same number', async () => {
    const { server, port } = await startEcho({ advertisedHost: RELAY_HOST, security: 'none' })
    const { relay, warnings } = startRelay(port, {})
    const client = await connect(relay, { security: 'none' })

    const answered = heard(client, 1)
    client.send('through the relay')
    await answered

    const [clientSide] = client.peers()
    const [serverSide] = server.peers()
    expect(clientSide?.address).toBe(RELAY_HOST)
    expect(clientSide?.port).toBe(serverSide?.localPort)
    expect(warnings).toEqual([])
  })

  it.each(['classic', 'reliable'] as const)(
    'carries %s connections to a port that is the front door’s, even when HELLO is repeated meanwhile',
    async (protocol) => {
      const { server, port } = await startEcho({
        protocols: [protocol],
        privatePorts: 'shared',
        security: 'none',
        advertisedHost: RELAY_HOST,
      })
      const { relay, warnings } = startRelay(port, { delayMs: 130 })
      const clients = await Promise.all([
        connect(relay, { protocol, security: 'none' }),
        connect(relay, { protocol, security: 'none' }),
      ])

      const answered = Promise.all(clients.map((client) => heard(client, 1)))
      for (const [index, client] of clients.entries()) client.send(`of client ${index}`)
      await answered

      expect(clients.map(({ messages }) => messages)).toEqual([['of client 0'], ['of client 1']])
      // A classic CONNECT is rewritten to the relay's front door; no other can be, so there the number has to be the server's.
      const shown = protocol === 'classic' ? relay.address.port : port
      for (const client of clients) expect([...client.peers()].map((peer) => peer.port)).toEqual([shown])
      expect([...server.peers()].map(({ localPort }) => localPort)).toEqual([port, port])
      expect(warnings).toEqual([])
    },
  )

  it('loses datagrams in both directions, and a reliable connection arrives whole and in order all the same', async () => {
    const { port } = await startEcho({ advertisedHost: RELAY_HOST, security: 'none' })
    const { relay } = startRelay(port, { loss: 0.2, delayMs: 2 })
    const client = await connect(relay, { security: 'none' })
    const sent = Array.from({ length: 200 }, (_, index) => `message ${index}`)

    const answered = heard(client, sent.length)
    for (const message of sent) {
      client.send(message)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    await answered

    const { up, down } = relay.stats
    expect(client.messages).toEqual(sent)
    expect(up.droppedByLoss).toBeGreaterThan(0)
    expect(down.droppedByLoss).toBeGreaterThan(0)
  })

  it('holds every datagram back for the delay that was asked for', async () => {
    const { port } = await startEcho({ advertisedHost: RELAY_HOST, security: 'none' })
    const { relay } = startRelay(port, { delayMs: 30 })
    const client = await connect(relay, { security: 'none' })

    const answered = heard(client, 1)
    const sentAt = monotonicMs()
    client.send('there and back')
    await answered

    expect(monotonicMs() - sentAt).toBeGreaterThanOrEqual(60)
  })

  it('warns when a reliable server advertises an address that passes the relay by', async () => {
    const { port } = await startEcho({ security: 'none' })
    const { relay, warnings } = startRelay(port, {})

    await connect(relay, { security: 'none' })

    expect(warnings).toEqual([expect.stringContaining(`names ${SERVER_HOST}`)])
  })

  it('stands for all private ports of a server whose CONNECT is encrypted', async () => {
    const privatePorts = { min: 40_310, max: 40_312 }
    const { server, port } = await startEcho({ advertisedHost: RELAY_HOST, privatePorts })
    const { relay, warnings } = startRelay(port, {}, { privatePorts })
    const client = await connect(relay, {})

    const answered = heard(client, 1)
    client.send('through the relay')
    await answered

    const [serverSide] = server.peers()
    expect(relay.stats.up.deliveredPackets).toBeGreaterThan(2)
    expect([...client.peers()][0]?.port).toBe(serverSide?.localPort)
    expect(warnings).toEqual([])
  })

  it('says what it needs when CONNECT is encrypted and it does not know the private ports', async () => {
    const { port } = await startEcho({ advertisedHost: RELAY_HOST })
    const warning = new Promise<string>((resolve) => {
      const { relay } = startRelay(port, {}, { onWarning: resolve })
      connect(relay, {}).catch(() => undefined)
    })

    expect(await warning).toContain('CONNECT is encrypted')
  })

  it('refuses options of the link that are out of range at once', () => {
    expect(() => startRelay(1, { loss: 2 })).toThrow(RangeError)
  })
})
