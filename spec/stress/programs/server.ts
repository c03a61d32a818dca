/** Echoes, tells its parent the port, and answers each message of its parent with what it holds on to. */
import { UDPipe, type Peer, type ProtocolName } from 'udpipe'
import { measure } from './measure.ts'

class Echo extends UDPipe {
  override onNewMessage(message: Buffer, peer: Peer): void {
    this.send(message, peer)
  }
}

const [, , protocol, ports] = process.argv
const server = new Echo({
  protocols: [protocol as ProtocolName],
  maxClients: 2_048,
  ...(ports === 'shared' && { privatePorts: 'shared' }),
})
const { port } = await server.start(0, '127.0.0.1')
void server.run()
process.on('message', () => process.send?.(measure()))
process.on('disconnect', () => process.exit())
process.send?.({ port })
