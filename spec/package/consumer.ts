/** A user's program: compiled against the packed package, and run with it. */
import { ticks, UDPipe, type MessageInfo, type Peer } from 'udpipe'
import * as network from 'udpipe/network'

class Server extends UDPipe {
  override onNewMessage(message: Buffer, peer: Peer): void {
    this.send(`echo of ${message.toString()}`, peer)
  }
}

class Client extends UDPipe {
  override onConnect(): void {
    this.send('a message')
  }

  override onNewMessage(message: Buffer, _peer: Peer, { channel }: MessageInfo): void {
    if (channel === 0) console.log(message.toString())
    void this.close()
  }
}

// What the subpath says of itself is compiled here, too; it runs without the package that tables need.
const loop = (events: readonly network.NetworkEvent[]): network.Table[] =>
  events.flatMap((event) => (event.Event === network.EVENT_RECEIVE ? [event.Packet] : []))
if (loop(network.PollEvents()).length > 0) throw new Error('nothing can have arrived')

const server = new Server()
const { port } = await server.start(0, '127.0.0.1')
void server.run()

const client = new Client()
void client.connect('127.0.0.1', port)
for await (const dt of ticks(60, { signal: client.signal })) client.step(dt)
await server.close()
