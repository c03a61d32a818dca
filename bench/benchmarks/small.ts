import type { AdapterName } from '../adapters/catalogue.ts'
import { Pair } from '../run/pair.ts'
import type { Benchmark, BenchOptions, Run, Sample } from './benchmark.ts'

const BYTES = 64
const OUTSTANDING = 512

/** Small messages between two processes. */
export const small: Benchmark = {
  name: 'small',
  title: 'Small messages',
  method:
    `Messages of ${BYTES} bytes, reliable and in order, over loopback. One way: as many as the library takes, counted where they ` +
    `arrive. Echo: ${OUTSTANDING} are under way at any time, and the server sends each of them back. Streams carry a length before each ` +
    `message, and what is sent in one turn of the event loop is written to them at once.`,
  figures: [
    { name: 'perSecond', title: 'messages/s', digits: 0, better: 'more' },
    { name: 'serverCpuUs', title: 'server CPU, µs a message', digits: 2, better: 'less' },
    { name: 'clientCpuUs', title: 'client CPU, µs a message', digits: 2, better: 'less' },
  ],
  runs: (options) => options.adapters.flatMap((adapter) => [oneWay(adapter, options), echo(adapter, options)]),
}

function oneWay(adapter: AdapterName, options: BenchOptions): Run {
  return run(adapter, 'one way', options, async () => {
    const pair = await Pair.start({
      adapter,
      workload: 'oneWay',
      parameters: { bytes: BYTES },
      security: options.security,
    })
    return sample(adapter, 'one way', pair, options, 'server')
  })
}

function echo(adapter: AdapterName, options: BenchOptions): Run {
  return run(adapter, 'echo', options, async () => {
    const parameters = { bytes: BYTES, outstanding: OUTSTANDING }
    const pair = await Pair.start({ adapter, workload: 'echo', parameters, security: options.security })
    return sample(adapter, 'echo', pair, options, 'client')
  })
}

function run(adapter: AdapterName, scenario: string, _options: BenchOptions, measure: () => Promise<Sample>): Run {
  return { adapter, scenario, measure }
}

async function sample(
  adapter: AdapterName,
  scenario: string,
  pair: Pair,
  { isQuick }: BenchOptions,
  counter: 'server' | 'client',
): Promise<Sample> {
  try {
    const window = await pair.watch(isQuick ? 300 : 1_000, isQuick ? 700 : 1_500)
    const messages = window[counter]['messages'] ?? 0
    return {
      adapter,
      scenario,
      figures: {
        perSecond: messages / window.seconds,
        serverCpuUs: (window.serverCpuMs * 1000) / messages,
        clientCpuUs: (window.clientCpuMs * 1000) / messages,
      },
    }
  } finally {
    await pair.stop()
  }
}
