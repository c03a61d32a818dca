import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { Adapter } from './adapter.ts'
import { StreamConnection } from './stream-connection.ts'

/** TCP as Node has it, with a length before each message. */
export const net: Adapter = {
  name: 'net',

  async listen({ host, port }, onConnection) {
    const server = createServer({ noDelay: true }, (socket) => onConnection(wrap(socket)))
    server.listen(port, host)
    await once(server, 'listening')
    return { port: (server.address() as AddressInfo).port, close: () => server.close() }
  },

  async connect({ host, port }) {
    const socket = connect({ host, port, noDelay: true })
    await once(socket, 'connect')
    return wrap(socket)
  },
}

function wrap(socket: Socket): StreamConnection {
  return new StreamConnection(socket, () => socket.writableLength)
}
