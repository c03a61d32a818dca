import { once, type EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import type { Adapter } from './adapter.ts'
import { loadPeer } from './load.ts'
import { StreamConnection } from './stream-connection.ts'

interface Server extends EventEmitter {
  listen(port: number, host: string): void
  address(): { readonly port: number }
  close(): void
}

interface Utp {
  createServer(onConnection: (stream: Duplex) => void): Server
  connect(port: number, host: string): Duplex
}

const utp = (await loadPeer('utp-native')).default as Utp

/** The transport of BitTorrent, which gives way to all other traffic. */
export const utpNative: Adapter = {
  name: 'utp-native',

  async listen({ host, port }, onConnection) {
    const server = utp.createServer((stream) => onConnection(wrap(stream)))
    server.listen(port, host)
    await once(server, 'listening')
    return { port: server.address().port, close: () => server.close() }
  },

  async connect({ host, port }) {
    const stream = utp.connect(port, host)
    const connection = wrap(stream)
    await once(stream, 'connect')
    return connection
  },
}

function wrap(stream: Duplex): StreamConnection {
  return new StreamConnection(stream, () => stream.writableLength)
}
