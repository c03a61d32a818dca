/** A server and a client that are connected and run, and that do not keep this process alive; nobody closes them. */
import { UDPipe } from 'udpipe'

class Client extends UDPipe {
  override onConnect(): void {
    console.log('connected')
    clearInterval(awake)
  }
}

const awake = setInterval(() => {}, 1_000)
const [server, client] = [new UDPipe({ unref: true }), new Client({ unref: true })]
void server.start(0, '127.0.0.1').then(({ port }) => client.connect('127.0.0.1', port))
void server.run()
void client.run(60)
