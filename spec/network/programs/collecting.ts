// Run with --expose-gc: a server whose program keeps the connections that it is told to keep, or does not.

import { setTimeout as delay } from 'node:timers/promises'
import * as network from 'udpipe/network'

const [how = 'forget', transport = 'tcp'] = process.argv.slice(2)
const options = { transport: transport as 'tcp' | 'udp', keepConnections: how === 'option' }
const [server] = await network.Server('127.0.0.1', 0, '', options)
const [client] = await network.Client('127.0.0.1', server?.GetPort(), '', { transport: transport as 'tcp' })
const kept: unknown[] = []
let socketId = 0
process.on('warning', ({ code }: NodeJS.ErrnoException) => console.log(`warning ${code}`))

await client?.WaitForConnect(10)
// In the queue it is held, however long that takes.
await delay(100)
for (let i = 0; i < 3; i += 1) await collect()
console.log(`queued: ${server?.ConnectionCount()}`)
poll()
for (let i = 0; i < 5; i += 1) {
  // A table that waits holds its connection, too.
  if (how !== 'forget') client?.Send({ i })
  await collect()
  poll()
}
console.log(`in the end: ${server?.ConnectionCount()}`)
client?.Disconnect()
await server?.Close()

function poll(): void {
  for (const event of network.PollEvents()) {
    if (event.Event === network.EVENT_CONNECT) {
      socketId = event.Object.GetSocket()
      if (how === 'keep') kept.push(event.Object)
    }
    if (event.Event === network.EVENT_RECEIVE && how !== 'forget') console.log(`table ${JSON.stringify(event.Packet)}`)
    if (event.Event === network.EVENT_CLIENT_CLOSE) {
      const isSame = event.Object.GetSocket() === socketId && event.Object.GetAddress() === '127.0.0.1'
      console.log(`closed ${event.Errors.split(':')[0]} ${isSame} ${server?.Send([1], event.Object)}`)
    }
    if (event.Event === network.EVENT_SERVER_CLOSE) console.log(`client: ${event.Errors}`)
  }
}

/** What a WeakRef was asked for lives until the turn is over, and what is collected is told of some turns later. */
async function collect(): Promise<void> {
  await delay(20)
  ;(globalThis as unknown as { gc: () => void }).gc()
  await delay(30)
}
