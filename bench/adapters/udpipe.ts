import type * as Library from '../../lib/index.ts'
import { ignoreMessage, type Adapter, type Connection, type EndOptions } from './adapter.ts'

/** The library as it is published: what the build made of it. */
const built = new URL('../../dist/index.js', import.meta.url)
const { UDPipe } = (await import(built.href)) as typeof Library

const MAX_QUEUED_BYTES = 64 * 1024 * 1024
const DIALING_STEP_MS = 5

/** One peer of a UDPipe. */
class UdpipeConnection implements Connection {
  onMessage: (message: Uint8Array) => void = ignoreMessage
  readonly #peer: Library.Peer

  constructor(peer: Library.Peer) {
    this.#peer = peer
  }

  get queuedBytes(): number {
    return this.#peer.stats.queuedBytes
  }

  send(message: Buffer): boolean {
    return this.#peer.send(message)
  }

  close(): void {
    void this.#peer.close()
  }
}

class Server extends UDPipe {
  onConnection: (connection: UdpipeConnection) => void = ignoreMessage

  override onConnect(peer: Library.Peer): void {
    const connection = new UdpipeConnection(peer)
    peer.userData = connection
    this.onConnection(connection)
  }

  override onNewMessage(message: Buffer, peer: Library.Peer): void {
    ;(peer.userData as UdpipeConnection).onMessage(message)
  }

  override onDisconnect(_peer: Library.Peer, info: Library.DisconnectInfo): void {
    if (info.timedOut) console.error('udpipe: a connection timed out')
  }
}

class Client extends UDPipe implements Connection {
  onMessage: (message: Uint8Array) => void = ignoreMessage
  #peer: Library.Peer | undefined

  get queuedBytes(): number {
    return this.#peer?.stats.queuedBytes ?? 0
  }

  override onConnect(peer: Library.Peer): void {
    this.#peer = peer
  }

  override onNewMessage(message: Buffer): void {
    this.onMessage(message)
  }

  override onDisconnect(_peer: Library.Peer, info: Library.DisconnectInfo): void {
    if (info.timedOut) console.error('udpipe: a connection timed out')
  }
}

/** This library. */
export const udpipe: Adapter = {
  name: 'udpipe',

  async listen(options, onConnection) {
    const server = new Server(settings(options))
    server.onConnection = onConnection
    const { port } = await server.start(options.port, options.host)
    if (options.rhythm !== 'ticks') void server.run()
    return {
      port,
      close: () => void server.close(),
      step: () => void server.step(),
      datagrams: () => ({ sent: server.getSentPackets(), received: server.getReceivedPackets() }),
    }
  },

  async connect(options) {
    const client = new Client(settings(options))
    const connected = client.connect(options.host, options.port)
    if (options.rhythm !== 'ticks') {
      void client.run()
      await connected
      return client
    }
    const stepping = setInterval(() => client.step(), DIALING_STEP_MS)
    try {
      await connected
    } finally {
      clearInterval(stepping)
    }
    return client
  },
}

function settings({ security, maxConnections = 1024 }: EndOptions): Library.UDPipeOptions {
  return {
    maxClients: maxConnections,
    maxQueuedBytes: MAX_QUEUED_BYTES,
    maxQueuedMessages: 1_000_000,
    maxMessagesPerSecond: Infinity,
    handshakeTimeoutMs: 20_000,
    ...(security === undefined ? {} : { security: security as 'none' | 'noise' }),
  }
}
