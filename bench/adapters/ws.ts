import { once, type EventEmitter } from 'node:events'
import type { AddressInfo } from 'node:net'
import { ignoreMessage, type Adapter, type Connection } from './adapter.ts'
import { loadPeer } from './load.ts'

interface Socket extends EventEmitter {
  readonly bufferedAmount: number
  send(message: Buffer): void
  terminate(): void
}

interface SocketServer extends EventEmitter {
  address(): AddressInfo
  close(): void
}

interface Peer {
  readonly WebSocketServer: new (options: object) => SocketServer
  readonly WebSocket: new (url: string, options: object) => Socket
}

const { WebSocket, WebSocketServer } = (await loadPeer('ws')) as unknown as Peer

class WsConnection implements Connection {
  onMessage: (message: Uint8Array) => void = ignoreMessage
  readonly #socket: Socket

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('message', (message: Buffer) => this.onMessage(message))
    socket.on('error', () => {})
  }

  get queuedBytes(): number {
    return this.#socket.bufferedAmount
  }

  /** A client masks what it is given in place, unless its memory is its own. */
  send(message: Buffer): boolean {
    this.#socket.send(Buffer.from(message))
    return true
  }

  close(): void {
    this.#socket.terminate()
  }
}

/** WebSockets over TCP, without compression. */
export const ws: Adapter = {
  name: 'ws',

  async listen({ host, port, maxConnections = 1024 }, onConnection) {
    const server = new WebSocketServer({ host, port, perMessageDeflate: false, backlog: maxConnections })
    server.on('connection', (socket: Socket) => onConnection(new WsConnection(socket)))
    await once(server, 'listening')
    return { port: server.address().port, close: () => server.close() }
  },

  async connect({ host, port }) {
    const socket = new WebSocket(`ws://${host}:${port}`, { perMessageDeflate: false })
    await once(socket, 'open')
    return new WsConnection(socket)
  },
}
