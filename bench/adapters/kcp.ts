import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { ignoreMessage, type Adapter, type Connection } from './adapter.ts'
import { loadPeer } from './load.ts'

interface Kcp {
  nodelay(isOn: number, intervalMs: number, fastResend: number, isWithoutCongestionControl: number): void
  wndsize(send: number, receive: number): void
  output(write: (bytes: Buffer, lengthBytes: number) => void): void
  input(bytes: Buffer): void
  send(message: Buffer): number
  recv(): Buffer | undefined
  update(nowMs: number): void
  flush(): void
  waitsnd(): number
}

const { KCP } = (await loadPeer('node-kcp/index.js')).default as {
  readonly KCP: new (id: number, context: object) => Kcp
}

const INTERVAL_MS = 10
const WINDOW_SEGMENTS = 1024
const MAX_WAITING_SEGMENTS = 4 * WINDOW_SEGMENTS
const SEGMENT_BYTES = 1376
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024

/** Flushed after every turn that sent or received, which is what makes KCP fast; in its mode without congestion control. */
class KcpConnection implements Connection {
  onMessage: (message: Uint8Array) => void = ignoreMessage
  readonly #kcp = new KCP(1, {})
  readonly #updating: NodeJS.Timeout
  #isFlushRequested = false
  #isClosed = false
  onClosed: () => void = ignoreMessage

  constructor(write: (bytes: Buffer, lengthBytes: number) => void) {
    this.#kcp.nodelay(1, INTERVAL_MS, 2, 1)
    this.#kcp.wndsize(WINDOW_SEGMENTS, WINDOW_SEGMENTS)
    this.#kcp.output(write)
    this.#kcp.update(Date.now())
    this.#updating = setInterval(() => this.#kcp.update(Date.now()), INTERVAL_MS)
  }

  get queuedBytes(): number {
    return this.#kcp.waitsnd() * SEGMENT_BYTES
  }

  send(message: Buffer): boolean {
    if (this.#kcp.waitsnd() >= MAX_WAITING_SEGMENTS) return false
    this.#kcp.send(message)
    this.#requestFlush()
    return true
  }

  receive(datagram: Buffer): void {
    this.#kcp.input(datagram)
    for (let message = this.#kcp.recv(); message !== undefined; message = this.#kcp.recv()) this.onMessage(message)
    this.#requestFlush()
  }

  close(): void {
    this.#isClosed = true
    clearInterval(this.#updating)
    this.onClosed()
  }

  #requestFlush(): void {
    if (this.#isFlushRequested) return
    this.#isFlushRequested = true
    queueMicrotask(() => {
      this.#isFlushRequested = false
      if (this.#isClosed) return
      this.#kcp.update(Date.now())
      this.#kcp.flush()
    })
  }
}

/** KCP over `node:dgram`. */
export const kcp: Adapter = {
  name: 'node-kcp',

  async listen({ host, port }, onConnection) {
    const socket = open()
    const connections = new Map<string, KcpConnection>()
    socket.on('message', (datagram: Buffer, source: RemoteInfo) => {
      const key = `${source.address}:${source.port}`
      let connection = connections.get(key)
      if (connection === undefined) {
        connection = new KcpConnection((bytes, lengthBytes) =>
          socket.send(bytes, 0, lengthBytes, source.port, source.address),
        )
        connections.set(key, connection)
        onConnection(connection)
      }
      connection.receive(datagram)
    })
    socket.bind(port, host)
    await once(socket, 'listening')
    const close = () => {
      for (const connection of connections.values()) connection.close()
      socket.close()
    }
    return { port: socket.address().port, close }
  },

  async connect({ host, port }) {
    const socket = open()
    socket.bind(0)
    await once(socket, 'listening')
    const connection = new KcpConnection((bytes, lengthBytes) => socket.send(bytes, 0, lengthBytes, port, host))
    socket.on('message', (datagram: Buffer) => connection.receive(datagram))
    connection.onClosed = () => socket.close()
    return connection
  },
}

function open(): Socket {
  return createSocket({ type: 'udp4', recvBufferSize: RECEIVE_BUFFER_BYTES })
}
