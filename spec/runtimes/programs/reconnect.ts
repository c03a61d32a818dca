/** A server stands still, and its client comes back to it; then it is gone, and the client finds the next one at its port. */
import { UDPipe, type DisconnectInfo, type Peer } from 'udpipe'

const quick = { timeoutMs: 1_000, stallTimeoutMs: 200, pingIntervalMs: 100, handshakeTimeoutMs: 500 }

class Server extends UDPipe {
  override onNewMessage(message: Buffer, peer: Peer): void {
    peer.send(`heard ${message.toString()}`)
  }
}

class Client extends UDPipe {
  readonly events: string[] = []

  override onConnect(): void {
    this.events.push('connected')
  }

  override onDisconnect(_peer: Peer, { willReconnect }: DisconnectInfo): void {
    this.events.push(willReconnect ? 'lost' : 'over')
  }

  override onNewMessage(message: Buffer): void {
    this.events.push(message.toString())
  }

  override onError(): void {
    // An attempt that found nobody: the next one follows.
  }
}

const first = new Server(quick)
const { port } = await first.start(0, '127.0.0.1')
const client = new Client({ ...quick, reconnect: { minDelayMs: 50, maxDelayMs: 200, attempts: Infinity } })
void client.connect('127.0.0.1', port)
void client.run()

let serving: UDPipe | undefined = first
const loop = setInterval(() => serving?.step(), 5)
await until(() => client.events.length === 1)

serving = undefined
client.send('said while nobody stepped')
await until(() => client.events.includes('lost'))
serving = first
await until(() => client.events.includes('heard said while nobody stepped'))

serving = undefined
await first.close()
await until(() => client.events.filter((event) => event === 'lost').length === 2)
const second = new Server({ ...quick, port })
serving = second
await begin(second)
client.send('and said to the next')
await until(() => client.events.includes('heard and said to the next'))
await client.close()
await second.close()
clearInterval(loop)
console.log(client.events.join(', '))

/** Deno frees a port a moment after it was closed. */
async function begin(server: UDPipe): Promise<void> {
  const from = performance.now()
  for (;;) {
    try {
      await server.start(port, '127.0.0.1')
      return
    } catch (error) {
      if (performance.now() - from > 5_000) throw error
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

async function until(isMet: () => boolean): Promise<void> {
  const from = performance.now()
  while (!isMet()) {
    if (performance.now() - from > 30_000) throw new Error(`In vain; there was: ${client.events.join(', ')}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
