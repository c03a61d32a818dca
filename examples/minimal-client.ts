// The smallest client: it greets the server and prints what comes back. Ctrl-C ends it.
//
//   npx tsx -C @udpipe/source examples/minimal-client.ts [PORT] [HOST]

import { ticks, UDPipe } from 'udpipe'

class Client extends UDPipe {
  override onConnect(): void {
    this.send('HelloWorld')
  }

  override onNewMessage(message: Buffer): void {
    console.log('Got message:', message.toString())
  }
}

const client = new Client()
const [port = '1234', host = '127.0.0.1'] = process.argv.slice(2)
void client.connect(host, Number(port))
for await (const dt of ticks(60)) client.step(dt)
