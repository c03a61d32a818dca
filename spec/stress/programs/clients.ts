/**
 * For a message of its parent with a count, so many clients connect to a server, send a message each, and close when all have
 * their echoes; the answer is how many were right, and at how many ports of the server they were. For any other message the answer is
 * what this process holds on to.
 */
import { UDPipe, type Peer, type ProtocolName } from 'udpipe'
import { measure } from './measure.ts'

const [, , protocol, port] = process.argv
const options = { protocol: protocol as ProtocolName, handshakeTimeoutMs: 20_000, stallTimeoutMs: 5_000 }

class Client extends UDPipe {
  readonly echo: Promise<boolean>
  #resolve: (isRight: boolean) => void = () => {}
  #sent = ''

  constructor() {
    super(options)
    this.echo = new Promise((resolve) => (this.#resolve = resolve))
  }

  override onConnect(peer: Peer): void {
    this.#sent = `message of ${peer.localPort}`
    this.send(this.#sent)
  }

  override onNewMessage(message: Buffer): void {
    this.#resolve(message.toString() === this.#sent)
  }
}

process.on('message', ({ count }: { count?: number }) => {
  if (count === undefined) process.send?.(measure())
  else void playRound(count)
})
process.on('disconnect', () => process.exit())
process.send?.({})

async function playRound(count: number): Promise<void> {
  const clients = Array.from({ length: count }, () => new Client())
  const peers = await Promise.all(
    clients.map((client) => {
      void client.run()
      return client.connect('127.0.0.1', Number(port))
    }),
  )
  const echoes = await Promise.all(clients.map(({ echo }) => echo))
  const ports = new Set(peers.map((peer) => peer.port))
  await Promise.all(clients.map((client) => client.close()))
  process.send?.({ echoes: echoes.filter(Boolean).length, ports: ports.size })
}
