import { Random, type LinkOptions } from '../../lib/simulator/index.ts'
import type { LoopOptions } from '../support/end-world.ts'
import { Distribution } from './distribution.ts'
import { ms, percent, ratio, type MeasureOptions, type TimedRow } from './measurement.ts'
import { createWorld, MiB, seedsOf } from './worlds.ts'

/** 1 MiB in so many messages, over a connection that stands already. */
export function measureTransfer(
  name: string,
  link: LinkOptions,
  parts: number,
  goalMs: number,
  options: MeasureOptions,
  loopOf: (random: Random) => LoopOptions = () => ({}),
): TimedRow {
  const durations = new Distribution()
  const drops = new Distribution()
  const overheads = new Distribution()
  for (const seed of seedsOf(options)) {
    const random = new Random(seed)
    const world = createWorld(seed, link, options, loopOf(random))
    const { client, server } = world.connect({ loop: loopOf(random) })
    world.run(100)
    let arrived = 0
    server.onEvent = (event) => {
      if (event.type === 'message') arrived += event.message.length
    }
    const startMs = world.now
    const before = { ...world.uplink(client).stats }
    for (let i = 0; i < parts; i += 1) client.send(new Uint8Array(MiB / parts))
    world.waitFor(() => arrived === MiB, 30_000)
    durations.add(arrived === MiB ? world.now - startMs : Infinity)
    const after = world.uplink(client).stats
    drops.add((after.droppedByQueue - before.droppedByQueue) / (after.offeredPackets - before.offeredPackets))
    overheads.add((after.offeredBytes - before.offeredBytes) / MiB)
  }
  return {
    cells: {
      transfer: name,
      median: ms(durations.percentile(50)),
      p95: ms(durations.percentile(95)),
      max: ms(durations.max),
      goal: ms(goalMs),
      'bytes ×': ratio(overheads.mean),
      'dropped by the queue': percent(drops.mean),
    },
    times: durations,
    isMet: durations.percentile(50) <= goalMs && drops.max < 0.05,
  }
}
