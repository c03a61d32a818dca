import { afterAll, beforeAll, expect, it } from 'vitest'
import { client, server, type Server } from 'udpipe/websocket'
import { collectGarbage } from '../support/collect-garbage.ts'
import { RawPeer } from '../support/raw-peer.ts'

let listening: Server
let serverEnds = 0
beforeAll(async () => {
  listening = await server.listen({
    port: 0,
    interface: '127.0.0.1',
    default: (ws) => {
      void ws.ended.then(() => (serverEnds += 1))
      ws.onMessage((message) => ws.send(message))
    },
  })
})
afterAll(() => listening.close())

/** Connects, says something, and leaves, in one of three ways. Returns how many ends it was told. */
async function visit(number: number): Promise<number> {
  const one = client.copas()
  const [ok, error] = await one.connect(`ws://127.0.0.1:${listening.port}`)
  if (ok !== true) throw new Error(error)
  await one.send('hello')
  await one.receive()
  if (number % 3 === 0) one.terminate()
  else if (number % 3 === 1) await one.close()
  else
    for (const ws of listening.clients()) if (ws.stats.receivedMessages > 0 && Math.random() < 0.5) void ws.close(4000)
  if (number % 3 === 2) void one.close()
  await one.ended
  return 1
}

async function visits(count: number): Promise<number> {
  let [next, ends] = [0, 0]
  const walk = async (): Promise<void> => {
    while (next < count) {
      const told = await visit(next++)
      ends += told
    }
  }
  await Promise.all(Array.from({ length: 20 }, walk))
  while ([...listening.clients()].length > 0) await new Promise((resolve) => setTimeout(resolve, 5))
  await collectGarbage()
  await new Promise((resolve) => setTimeout(resolve, 50))
  await collectGarbage()
  return ends
}

it('20,000 connects and closes leave heap and handles flat, and tell one end each', async () => {
  const warmedUp = await visits(3_000)
  const before = { heap: process.memoryUsage().heapUsed, handles: process.getActiveResourcesInfo().length }

  const ends = await visits(20_000)

  const grownBytes = process.memoryUsage().heapUsed - before.heap
  expect([warmedUp, ends, serverEnds]).toEqual([3_000, 20_000, 23_000])
  expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(before.handles)
  // 50 bytes a connection: what a single small object that is kept of each would take.
  expect(grownBytes).toBeLessThan(20_000 * 50)
})

it('a hundred clients that never read cost what their queues may hold, and no more', async () => {
  const maxQueuedBytes = 256 * 1024
  const come: { send(message: string): Promise<unknown>; queuedBytes: number; terminate(): void }[] = []
  const busy = await server.listen({ port: 0, interface: '127.0.0.1', default: (ws) => come.push(ws), maxQueuedBytes })
  const peers = await Promise.all(Array.from({ length: 100 }, () => RawPeer.connect(busy.port)))
  for (const peer of peers) peer.socket.pause()
  const message = 'x'.repeat(10_000)

  for (let round = 0; round < 50; round += 1) {
    for (const ws of come) for (let i = 0; i < 100; i += 1) void ws.send(message)
    await new Promise(setImmediate)
  }

  for (const ws of come) expect(ws.queuedBytes).toBeLessThanOrEqual(maxQueuedBytes + 14)
  for (const peer of peers) peer.destroy()
  await busy.close()
})
