import type { EventEmitter } from 'node:events'
import type { Adapter } from './adapter.ts'
import { loadPeer } from './load.ts'
import { StreamConnection, type ByteStream } from './stream-connection.ts'

interface Socket extends EventEmitter {
  bind(port: number, host: string): void
  address(): { readonly port: number }
  send(message: Buffer, port: number, host: string): Promise<unknown>
  close(): Promise<void>
}

interface Stream extends ByteStream {
  readonly _writableState: { readonly buffered: number }
  connect(socket: Socket, remoteId: number, port: number, host: string): void
}

interface Udx {
  createSocket(): Socket
  createStream(id: number): Stream
}

interface Source {
  readonly host: string
  readonly port: number
}

const UDX = (await loadPeer('udx-native')).default as new () => Udx
const KNOCK_INTERVAL_MS = 100

/** UDX has streams and leaves it to the program how two ends learn of each other: here, by a datagram each way. */
export const udx: Adapter = {
  name: 'udx-native',

  listen({ host, port }, onConnection) {
    const udx = new UDX()
    const socket = udx.createSocket()
    socket.bind(port, host)
    const ids = new Map<string, number>()
    socket.on('message', (request: Buffer, source: Source) => {
      const remoteId = request.readUInt32LE(0)
      const key = `${source.host}:${source.port}`
      const id = ids.get(key) ?? ids.size + 1
      if (!ids.has(key)) {
        ids.set(key, id)
        const stream = udx.createStream(id)
        stream.connect(socket, remoteId, source.port, source.host)
        onConnection(wrap(stream))
      }
      void socket.send(words(id), source.port, source.host)
    })
    return Promise.resolve({ port: socket.address().port, close: () => void socket.close() })
  },

  async connect({ host, port }) {
    const udx = new UDX()
    const socket = udx.createSocket()
    socket.bind(0, '0.0.0.0')
    const id = 1
    const request = () => void socket.send(words(id), port, host)
    const knocking = setInterval(request, KNOCK_INTERVAL_MS)
    request()
    const remoteId = await new Promise<number>((resolve) => {
      socket.on('message', (answer: Buffer) => resolve(answer.readUInt32LE(0)))
    })
    clearInterval(knocking)
    const stream = udx.createStream(id)
    stream.connect(socket, remoteId, port, host)
    return wrap(stream)
  },
}

function words(id: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(id)
  return bytes
}

function wrap(stream: Stream): StreamConnection {
  return new StreamConnection(stream, () => stream._writableState.buffered)
}
