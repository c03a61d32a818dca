/** An echo with what the runtime itself has for cryptography, and without encryption where that is not enough. */
import { UDPipe, UDPipeError, type Peer, type UDPipeOptions } from 'udpipe'

class Server extends UDPipe {
  override onNewMessage(_message: Buffer, peer: Peer): void {
    peer.send('pong')
  }
}

class Client extends UDPipe {
  answer = ''

  override onConnect(): void {
    this.send('ping')
  }

  override onNewMessage(message: Buffer): void {
    this.answer = message.toString()
    void this.close()
  }
}

try {
  console.log(await echo({}))
} catch (error) {
  if (!(error instanceof UDPipeError)) throw error
  console.log(`${error.code}, but without encryption: ${await echo({ security: 'none' })}`)
}

async function echo(options: UDPipeOptions): Promise<string> {
  const server = new Server(options)
  const { port } = await server.start(0, '127.0.0.1')
  void server.run()
  const client = new Client(options)
  void client.connect('127.0.0.1', port)
  await client.run()
  await server.close()
  return client.answer
}
