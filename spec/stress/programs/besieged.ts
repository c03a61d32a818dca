/**
 * A server, and clients that talk to it: for a message of its parent with `{ messages }`, so many messages go from each client to the
 * server and back at 60 a second, and the answer is how long they took. `{ joins }` has so many more clients connect and close, and
 * answers how many did. Any other message is answered with what this process holds on to and what the server counted.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { UDPipe, type Peer } from 'udpipe'
import { measure } from './measure.ts'

const CLIENTS = 4
const INTERVAL_MS = 1_000 / 60
/** What is measured is the traffic of those who are connected, not how long one waits when a flood fills the inbox. */
const options = { token: 'swordfish', handshakeTimeoutMs: 3_000 }

class Echo extends UDPipe {
  override onNewMessage(message: Buffer, peer: Peer): void {
    peer.send(message, { immediate: true })
  }
}

class Client extends UDPipe {
  readonly roundTripsMs: number[] = []
  disconnects = 0

  override onNewMessage(message: Buffer): void {
    this.roundTripsMs.push(performance.now() - message.readDoubleBE(0))
  }

  override onDisconnect(): void {
    this.disconnects += 1
  }

  say(): void {
    const message = Buffer.alloc(64)
    message.writeDoubleBE(performance.now(), 0)
    this.send(message, undefined, { immediate: true })
  }
}

const server = new Echo(options)
const { port } = await server.start(0, '127.0.0.1')
void server.run()
const clients = Array.from({ length: CLIENTS }, () => new Client(options))
for (const client of clients) {
  void client.run()
  await client.connect('127.0.0.1', port)
}

process.on('message', (order: { messages?: number; joins?: number }) => void obey(order))
process.on('disconnect', () => process.exit())
process.send?.({ port })

async function obey({ messages, joins }: { messages?: number; joins?: number }): Promise<void> {
  if (messages !== undefined) process.send?.(await talk(messages))
  else if (joins !== undefined) process.send?.(await join(joins))
  else process.send?.({ ...measure(), counters: server.counters, peers: [...server.peers()].length })
}

async function talk(messages: number) {
  for (const { roundTripsMs } of clients) roundTripsMs.length = 0
  const startedAt = performance.now()
  for (let i = 0; i < messages; i += 1) {
    for (const client of clients) client.say()
    await delay(Math.max(0, startedAt + (i + 1) * INTERVAL_MS - performance.now()))
  }
  const isComplete = (): boolean => clients.every(({ roundTripsMs }) => roundTripsMs.length === messages)
  for (let i = 0; i < 500 && !isComplete(); i += 1) await delay(10)
  const times = clients.flatMap(({ roundTripsMs }) => roundTripsMs).sort((a, b) => a - b)
  const at = (share: number): number => times[Math.floor(share * (times.length - 1))] ?? NaN
  const disconnects = clients.reduce((sum, client) => sum + client.disconnects, 0)
  return { arrived: times.length, expected: messages * CLIENTS, p50Ms: at(0.5), p99Ms: at(0.99), disconnects }
}

async function join(joins: number) {
  let joined = 0
  for (let i = 0; i < joins; i += 1) {
    const client = new UDPipe(options)
    client.onError = () => {}
    void client.run()
    await client.connect('127.0.0.1', port)
    joined += 1
    await client.close()
  }
  return { joined }
}
