import { Random, type LinkOptions } from '../../lib/simulator/index.ts'
import { Distribution } from './distribution.ts'
import { ms, type MeasureOptions, type TimedRow } from './measurement.ts'
import { Stream } from './stream.ts'
import { createWorld, offered, seedsOf } from './worlds.ts'

/** The network of KCP's own benchmark. */
export const kcpLink: LinkOptions = { delayMs: 30, jitterMs: 32.5, keepOrder: true, loss: 0.05 }
export const ECHO_INTERVAL_MS = 20
export const ECHOES = 1_001
export const ECHO_STEP_MS = 10
export const ECHO_BYTES = 8

/** What KCP's own benchmark does: the server sends back what the client says, and both step every 10 ms. */
export function measureEchoes(options: MeasureOptions): TimedRow {
  const times = new Distribution()
  const [averages, worsts] = [new Distribution(), new Distribution()]
  const [forth, back] = [new Distribution(), new Distribution()]
  let missing = 0
  for (const seed of seedsOf(options)) {
    const phase = (name: string) => ({
      stepMs: ECHO_STEP_MS,
      phaseMs: new Random(seed).fork(name).between(0, ECHO_STEP_MS),
    })
    const world = createWorld(seed, kcpLink, options, phase('server'))
    const { client, server } = world.connect({ loop: phase('client') })
    const stream = new Stream(new Distribution())
    server.onEvent = (event, endpoint) => {
      if (event.type === 'message') endpoint.send(event.message)
    }
    client.onEvent = (event) => {
      if (event.type === 'message') stream.arrive(world.now, event.message)
    }
    const [up, down] = [world.uplink(client), world.downlink(client)]
    const before = [offered(up).packets, offered(down).packets] as const
    const untilMs = world.now + (ECHOES - 0.5) * ECHO_INTERVAL_MS
    client.every(ECHO_INTERVAL_MS, () => client.send(stream.next(world.now).slice(0, ECHO_BYTES)), { untilMs })
    world.waitFor(() => stream.sent === ECHOES && stream.missing === 0, 60_000)
    missing += stream.missing
    times.addAll(stream.latencies.values)
    averages.add(stream.latencies.mean)
    worsts.add(stream.latencies.max)
    forth.add(offered(up).packets - before[0])
    back.add(offered(down).packets - before[1])
  }
  const isFast = averages.mean <= 110 && worsts.max <= 200
  return {
    cells: {
      average: ms(averages.mean),
      'worst average': ms(averages.max),
      'median max': ms(worsts.percentile(50)),
      max: ms(worsts.max),
      'datagrams forth': forth.mean.toFixed(0),
      'datagrams back': back.mean.toFixed(0),
      missing: String(missing),
    },
    times,
    isMet: isFast && forth.mean <= 1_330 && back.mean <= 1_330 && missing === 0,
  }
}
