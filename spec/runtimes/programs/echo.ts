/** A message there and back, of each kind of delivery, and one that is larger than a datagram. */
import { UDPipe, type MessageInfo, type Peer } from 'udpipe'

const large = 'x'.repeat(200_000)
const deliveries = ['reliable', 'reliable-unordered', 'sequenced', 'latest', 'unreliable'] as const
const echoed = new Set<string>()

class Server extends UDPipe {
  override onNewMessage(message: Buffer, peer: Peer, { delivery, channel }: MessageInfo): void {
    peer.send(message, { delivery, channel })
  }
}

class Client extends UDPipe {
  override onConnect(peer: Peer): void {
    for (const [channel, delivery] of deliveries.entries()) peer.send(delivery, { delivery, channel })
    peer.send(large)
  }

  override onNewMessage(message: Buffer, _peer: Peer, { delivery }: MessageInfo): void {
    const text = message.toString()
    echoed.add(text === large ? 'large' : text === delivery ? delivery : 'something else')
    if (echoed.size === deliveries.length + 1) void this.close()
  }
}

for (const options of [{}, { privatePorts: 'shared' }] as const) {
  echoed.clear()
  const server = new Server(options)
  const { port } = await server.start(0, '127.0.0.1')
  const client = new Client()
  const connected = client.connect('127.0.0.1', port)
  const serving = server.run(60)
  await client.run()
  await connected
  await server.close()
  await serving
  console.log([...echoed].sort().join(' '))
}
