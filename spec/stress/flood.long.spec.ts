import { setTimeout as delay } from 'node:timers/promises'
import type { Counters } from 'udpipe'
import { afterAll, describe, expect, it } from 'vitest'
import { ChildProgram } from '../support/child-program.ts'
import type { Holdings } from './programs/measure.ts'

/** How many datagrams the flood has of each kind: few in an ordinary run; `npm run flood` has 50,000. */
const COUNT = Number(process.env['FLOOD'] ?? 2_000)

const MESSAGES = Math.min(300, Math.max(60, COUNT / 100))
const JOINS = 3
/** From one message of a client to its next. */
const INTERVAL_MS = 1_000 / 60
/** What a heap may be larger by than before the flood. */
const HEAP_TOLERANCE_BYTES = 4 * 1024 * 1024

interface Talk {
  readonly arrived: number
  readonly expected: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly disconnects: number
}

interface Flood {
  readonly sentBytes: number
  readonly answeredBytes: number
  readonly durationMs: number
}

type State = Holdings & { readonly counters: Counters; readonly peers: number }

describe(`a flood of ${COUNT} datagrams from 200 addresses`, () => {
  const rows: Record<string, object> = {}

  afterAll(() => printTable(rows))

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

      const flooding = flood.ask({ port, kind, count: COUNT }) as Promise<Flood>
      const during = (await besieged.ask({ messages: MESSAGES })) as Talk
      const joins = await besieged.ask({ joins: JOINS })
      const flooded = await flooding
      const after = await untilAtRest(besieged, before)

      rows[kind] = tableRow(quiet, during, [before, after], flooded)
      expect(during).toMatchObject({ arrived: quiet.expected, expected: quiet.expected, disconnects: 0 })
      expect(joins).toEqual({ joined: JOINS })
      expect(flooded.answeredBytes).toBeLessThan(flooded.sentBytes)
      expect(after.peers).toBe(before.peers)
      expect(after.sockets).toBe(before.sockets)
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

/** What a flood came to, as a line of the table. */
function tableRow(quiet: Talk, during: Talk, [before, after]: readonly [State, State], flood: Flood): object {
  const { badTokens, retries, limitedHellos, suppressedRefusals, abandonedHandshakes, droppedInbox } = after.counters
  const rise = during.p99Ms - quiet.p99Ms
  return {
    'a second': Math.round((COUNT * 1_000) / flood.durationMs),
    'p50 ms': `${during.p50Ms.toFixed(1)} (quiet ${quiet.p50Ms.toFixed(1)})`,
    'p99 ms': `${during.p99Ms.toFixed(1)} (quiet ${quiet.p99Ms.toFixed(1)})`,
    'within an interval': rise <= INTERVAL_MS ? 'yes' : `no: ${rise.toFixed(1)} more`,
    'answered bytes': `${((100 * flood.answeredBytes) / flood.sentBytes).toFixed(2)} %`,
    sockets: `${before.sockets} -> ${after.sockets}`,
    'heap MB': `${(before.heapBytes / 1e6).toFixed(1)} -> ${(after.heapBytes / 1e6).toFixed(1)}`,
    'bad tokens': badTokens,
    retries,
    limited: limitedHellos,
    'not refused': suppressedRefusals,
    abandoned: abandonedHandshakes,
    'inbox full': droppedInbox,
  }
}

/** One column for each flood, which a terminal has room for. */
function printTable(rows: Readonly<Record<string, object>>): void {
  const kinds = Object.entries(rows)
  const names = Object.keys(kinds[0]?.[1] ?? {})
  const columns = kinds.map(([kind, row]) => [kind, ...Object.values(row).map(String)])
  const lines = ['', ...names].map((name, i) => {
    return name.padEnd(20) + columns.map((column) => (column[i] ?? '').padStart(26)).join('')
  })
  console.log(`a flood of ${COUNT} datagrams of each kind\n${lines.join('\n')}`)
}

function startProgram(name: string): ChildProgram {
  return new ChildProgram(`spec/stress/programs/${name}`, [], { nodeOptions: ['--expose-gc'] })
}
