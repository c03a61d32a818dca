/** Echoes numbered messages of many clients, checks their order, and tells its parent what it holds on to and what was wrong. */
import { UDPipe, type Peer, type UndeliveredMessage } from 'udpipe'
import type { Ledger, Question, ServerAccount } from '../soak-messages.ts'
import { measure } from './measure.ts'

class Echo extends UDPipe {
  readonly clients = new Map<string, Ledger>()
  readonly violations: string[] = []
  messages = 0
  connects = 0
  disconnects = 0

  override onConnect(): void {
    this.connects += 1
  }

  override onDisconnect(): void {
    this.disconnects += 1
  }

  override onNewMessage(message: Buffer, peer: Peer): void {
    this.messages += 1
    const text = message.toString()
    const [name = '', number] = text.split(' ')
    const ledger = this.#ledgerOf(name)
    if (Number(number) <= ledger.last) this.violations.push(`server: ${text} came after ${ledger.last}`)
    ledger.last = Number(number)
    ledger.received += 1
    if (!peer.send(message)) ledger.undelivered += 1
  }

  override onUndelivered(messages: readonly UndeliveredMessage[]): void {
    for (const { message } of messages) {
      const [name = ''] = Buffer.from(message).toString().split(' ')
      this.#ledgerOf(name).undelivered += 1
    }
  }

  #ledgerOf(name: string): Ledger {
    let ledger = this.clients.get(name)
    if (ledger === undefined) this.clients.set(name, (ledger = { last: 0, received: 0, undelivered: 0 }))
    return ledger
  }
}

const server = new Echo({ maxClients: 4_096, timeoutMs: 4_000, resumeWindowMs: 4_000 })
const { port } = await server.start(0, '127.0.0.1')
void server.run()

process.on('message', ({ forget = [] }: Question) => {
  for (const name of forget) server.clients.delete(name)
  const account: ServerAccount = {
    ...measure(),
    rssBytes: process.memoryUsage().rss,
    peers: [...server.peers()].length,
    messages: server.messages,
    connects: server.connects,
    disconnects: server.disconnects,
    clients: Object.fromEntries(server.clients),
    violations: server.violations.splice(0),
  }
  process.send?.(account)
})
process.on('disconnect', () => process.exit())
process.send?.({ port })
