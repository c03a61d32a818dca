import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { ChildProgram } from '../support/child-program.ts'
import type { Holdings } from './programs/measure.ts'

const CLIENTS = 1_000

/**
 * What a heap may grow by from the first round on, which loads and compiles: less than 1,000 connections take. It is waited for,
 * because a closed socket is collected some time later.
 */
const HEAP_TOLERANCE_BYTES = 3 * 1024 * 1024

describe.each([
  { protocol: 'classic', ports: 'private', rounds: 5 },
  { protocol: 'reliable', ports: 'private', rounds: 1 },
  { protocol: 'reliable', ports: 'shared', rounds: 1 },
])('a thousand $protocol clients on $ports ports', ({ protocol, ports, rounds }) => {
  it(`connect, echo and close, ${rounds} times, and leave nothing behind`, { timeout: 120_000 }, async () => {
    const server = startProgram('server.ts', protocol, ports)
    const { port } = (await server.answer()) as { port: number }
    const clients = startProgram('clients.ts', protocol, String(port))
    await clients.answer()
    const clientsAtRest = await holdingsOf(clients)
    const serverAtRest = await holdingsOf(server)
    let limits: readonly [number, number] = [Infinity, Infinity]

    for (let round = 0; round < rounds; round += 1) {
      expect(await clients.ask({ count: CLIENTS })).toEqual({
        echoes: CLIENTS,
        ports: ports === 'shared' ? 1 : CLIENTS,
      })
      const ofClients = await untilAtRest(clients, clientsAtRest, limits[0])
      const ofServer = await untilAtRest(server, serverAtRest, limits[1])
      if (round === 0) limits = [ofClients + HEAP_TOLERANCE_BYTES, ofServer + HEAP_TOLERANCE_BYTES]
    }
  })
})

/**
 * Waits until a process has let go of every socket and timer, and of its memory, and returns how large its heap is then. What
 * a server answers a late CLOSE with stays for a second.
 */
async function untilAtRest(child: ChildProgram, atRest: Holdings, heapLimitBytes: number): Promise<number> {
  for (let i = 0; i < 200; i += 1) {
    const { sockets, timers, heapBytes } = await holdingsOf(child)
    if (sockets <= atRest.sockets && timers <= atRest.timers && heapBytes <= heapLimitBytes) return heapBytes
    await delay(50)
  }
  throw new Error(`The process still holds on to ${JSON.stringify(await holdingsOf(child))}; limit ${heapLimitBytes}.`)
}

function startProgram(name: string, ...args: readonly string[]): ChildProgram {
  return new ChildProgram(`spec/stress/programs/${name}`, args, { nodeOptions: ['--expose-gc'] })
}

async function holdingsOf(child: ChildProgram): Promise<Holdings> {
  return (await child.ask({})) as Holdings
}
