import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { Packr } from 'msgpackr'
import { net } from '../adapters/net.ts'
import { packed } from './packed.ts'
import { packing, type TableAdapter } from './table-adapter.ts'

const HEADER_BYTES = 4
const packer = new Packr(packing)
const overNet = packed('net + msgpackr', net)

/** `node:net` and msgpackr with a length before each table: what is sent in one turn is written at once, a broadcast socket by socket. */
export const bareNet: TableAdapter = {
  ...overNet,

  async listen(options, onConnection) {
    if (options.rhythm !== 'ticks') return overNet.listen(options, onConnection)
    // Who only listens to broadcasts needs nothing but sockets.
    const sockets: Socket[] = []
    const server = createServer({ noDelay: true }, (socket) => {
      sockets.push(socket)
      socket.on('data', () => {})
      socket.on('error', () => {})
    })
    server.listen({ host: options.host, port: options.port, backlog: 1_024 })
    await once(server, 'listening')
    return {
      port: (server.address() as AddressInfo).port,
      broadcast: (table) => {
        const message = packer.pack(table)
        const frame = Buffer.allocUnsafe(HEADER_BYTES + message.length)
        frame.writeUInt32BE(message.length)
        frame.set(message, HEADER_BYTES)
        for (const socket of sockets) socket.write(frame)
      },
    }
  },
}
