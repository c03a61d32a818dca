import { setTimeout as delay } from 'node:timers/promises'
import type { Counters } from 'udpipe'
import { describe, expect, it } from 'vitest'
import { ChildProgram } from '../support/child-program.ts'
import type { Holdings } from './programs/measure.ts'

/** How many datagrams the flood has of each kind: few in an ordinary run; `npm run flood` has 50,000. */
const COUNT = Number(process.env['FLOOD'] ?? 2_000)

const MESSAGES = Math.min(300, Math.max(60, COUNT / 100))
const JOINS = 3
/** What a heap may be larger by than before the flood. */
const HEAP_TOLERANCE_BYTES = 4 * 1024 * 1024

interface Talk {
  readonly arrived: number
  readonly expected: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly disconnects: number
}

type State = Holdings & { readonly counters: Counters; readonly peers: number }

describe(`a flood of ${COUNT} datagrams from 200 addresses`, () => {
  it.each(['wrong token', 'right token', 'garbage'] as const)(
    'with %s keeps nobody out, disturbs nobody, and leaves nothing behind',
    { timeout: 180_000 },
    async (kind) => {
      const besieged = startProgram('besieged.ts')
      const flood = startProgram('flood.ts')
      const { port } = (await besieged.answer()) as { port: number }
      await flood.answer()
      const quiet = (await besieged.ask({ messages: MESSAGES })) as Talk
      const before = (await besieged.ask({})) as State

      const flooding = flood.ask({ port, kind, count: COUNT }) as Promise<{ sentBytes: number; answeredBytes: number }>
      const during = (await besieged.ask({ messages: MESSAGES })) as Talk
      const joins = await besieged.ask({ joins: JOINS })
      const { sentBytes, answeredBytes } = await flooding
      const after = await untilAtRest(besieged, before)

      console.log(report(kind, quiet, during, after, answeredBytes / sentBytes))
      expect(during).toMatchObject({ arrived: quiet.expected, expected: quiet.expected, disconnects: 0 })
      expect(joins).toEqual({ joined: JOINS })
      expect(answeredBytes).toBeLessThan(sentBytes)
      expect(after.peers).toBe(before.peers)
    },
  )
})

/** Waits until what was opened for those who never came is closed, and the memory is back. */
async function untilAtRest(besieged: ChildProgram, before: State): Promise<State> {
  let state = before
  for (let i = 0; i < 300; i += 1) {
    state = (await besieged.ask({})) as State
    if (state.sockets <= before.sockets && state.heapBytes <= before.heapBytes + HEAP_TOLERANCE_BYTES) return state
    await delay(100)
  }
  throw new Error(`The server still holds on to ${JSON.stringify(state)}; before ${JSON.stringify(before)}.`)
}

function report(kind: string, quiet: Talk, during: Talk, after: State, answered: number): string {
  const { badTokens, retries, limitedHellos, suppressedRefusals, abandonedHandshakes, droppedInbox } = after.counters
  const ms = (value: number): string => value.toFixed(2)
  return (
    `${kind}: p50 ${ms(quiet.p50Ms)} -> ${ms(during.p50Ms)} ms, p99 ${ms(quiet.p99Ms)} -> ${ms(during.p99Ms)} ms; ` +
    `answered ${(100 * answered).toFixed(2)} % of the bytes; ` +
    JSON.stringify({ badTokens, retries, limitedHellos, suppressedRefusals, abandonedHandshakes, droppedInbox })
  )
}

function startProgram(name: string): ChildProgram {
  return new ChildProgram(`spec/stress/programs/${name}`, [], { nodeOptions: ['--expose-gc'] })
}
