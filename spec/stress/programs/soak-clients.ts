/** A process full of clients that send numbered messages and check the echoes. Arguments: port, how many, a name for this process. */
import { setTimeout as delay } from 'node:timers/promises'
import { UDPipe, type UndeliveredMessage } from 'udpipe'
import type { ClientLedger, ClientsAccount, Order } from '../soak-messages.ts'
import { measure } from './measure.ts'

const [, , port = '', howMany = '', processName = ''] = process.argv

/** From one message of a client to its next. */
const MESSAGE_GAP_MS = 500

const violations: string[] = []
let reconnects = 0

class Client extends UDPipe {
  readonly name: string
  readonly ledger: ClientLedger = { last: 0, received: 0, undelivered: 0, sent: 0 }
  #connects = 0
  #loop = new AbortController()

  constructor(name: string) {
    super({ timeoutMs: 4_000 })
    this.name = name
  }

  join(): void {
    void this.connect('127.0.0.1', Number(port))
    void this.run(undefined, { signal: this.#loop.signal })
  }

  async leave(): Promise<void> {
    await this.close()
    this.#connects = 0
    this.join()
  }

  /** Its main loop does not run for so long. */
  async pause(ms: number): Promise<void> {
    this.#loop.abort()
    await delay(ms)
    this.#loop = new AbortController()
    if (!this.signal.aborted) void this.run(undefined, { signal: this.#loop.signal })
  }

  sendNext(): void {
    this.ledger.sent += 1
    if (!this.send(`${this.name} ${this.ledger.sent}`)) this.ledger.undelivered += 1
  }

  override onConnect(): void {
    this.#connects += 1
    if (this.#connects > 1) reconnects += 1
  }

  override onNewMessage(message: Buffer): void {
    const [name, text] = message.toString().split(' ')
    const number = Number(text)
    if (name !== this.name || number <= this.ledger.last || number > this.ledger.sent) {
      violations.push(`${this.name}: ${message.toString()} came after ${this.ledger.last} of ${this.ledger.sent}`)
    }
    this.ledger.last = number
    this.ledger.received += 1
  }

  override onUndelivered(messages: readonly UndeliveredMessage[]): void {
    this.ledger.undelivered += messages.length
  }

  override onError(): void {
    // A handshake that was not answered is part of a soak.
  }
}

const clients = Array.from({ length: Number(howMany) }, (_, i) => new Client(`${processName}.${i}`))
/** Those that close, or whose loop pauses, and are to be left alone meanwhile. */
const busy = new Map<Client, Promise<void>>()
for (const client of clients) client.join()
const talking = clients.map((client, i) => {
  const gapMs = MESSAGE_GAP_MS * (1 + (i % 10) / 20)
  return setInterval(() => {
    if (!busy.has(client)) client.sendNext()
  }, gapMs)
})

process.on('message', (order: Order) => void obey(order))
process.on('disconnect', () => process.exit())
process.send?.({})

async function obey(order: Order): Promise<void> {
  switch (order.do) {
    case 'look':
      break
    case 'pause':
      occupy(order.share, (client) => client.pause(order.ms))
      break
    case 'leave':
      occupy(order.share, (client) => client.leave())
      break
    case 'hush':
      for (const timer of talking) clearInterval(timer)
      break
    case 'close':
      await Promise.all(busy.values())
      await Promise.all(clients.map((client) => client.close()))
      break
  }
  process.send?.(look())
}

function occupy(share: number, task: (client: Client) => Promise<void>): void {
  const idle = clients.filter((client) => !busy.has(client))
  for (const client of idle.slice(0, Math.ceil(idle.length * share))) {
    busy.set(
      client,
      task(client).finally(() => busy.delete(client)),
    )
  }
}

function look(): ClientsAccount {
  return {
    ...measure(),
    rssBytes: process.memoryUsage().rss,
    reconnects,
    ledgers: Object.fromEntries(clients.map(({ name, ledger }) => [name, ledger])),
    violations: violations.splice(0),
  }
}
