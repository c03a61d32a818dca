// The smallest server: it answers every message.
//
//   npx tsx -C @udpipe/source examples/minimal-server.ts [PORT]

import { ticks, UDPipe, type Peer } from 'udpipe'

class Server extends UDPipe {
  override onNewMessage(message: Buffer, peer: Peer): void {
    this.send(`Reply from server: ${message.toString()}`, peer)
  }
}

const server = new Server()
const { host, port } = await server.start(Number(process.argv[2] ?? 1234), '127.0.0.1')
console.log(`Listening on ${host}:${port}`)
for await (const dt of ticks(60)) server.step(dt)
