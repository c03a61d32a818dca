import { spawnSync } from 'node:child_process'
import { Pair, type PairOptions, type Window } from '../run/pair.ts'
import { blockingClients, servers } from '../workloads/websocket.ts'
import type { Figures } from '../workloads/workload.ts'
import type { Benchmark, BenchOptions, Run } from './benchmark.ts'
import { rateOf, watchedRun } from './watched.ts'

const IDLE_CLIENTS = 5_000
const BLOCKING_ECHOES = 8_000
const REPORT_LIMIT_MS = 60_000

type ServerName = keyof typeof servers

/** What each row is called. */
const names: Record<ServerName, string> = {
  ws: 'ws, decoding',
  receive: 'udpipe/websocket, receive and send',
  onMessage: 'udpipe/websocket, onMessage',
}

/** `udpipe/websocket` beside the `ws` that it stands on. */
export const websocket: Benchmark = {
  name: 'websocket',
  title: 'WebSockets',
  method:
    'A server with udpipe/websocket beside one with bare ws that decodes the same, and the same clients of bare ws at the other core; what counts is the ' +
    'server’s CPU. Echo: messages under way at any time. Broadcast: 25 times a second, beside a loop of ws.send over one Buffer. ' +
    'Idle: resident memory of 5,000 clients that say nothing. Blocking: one client that waits for each answer, beside LuaSocket with a frame made ' +
    'beforehand, against the same server.',
  figures: [
    { name: 'serverCpuUs', title: 'server CPU, µs each', digits: 2, better: 'less' },
    { name: 'perSecond', title: 'a second', digits: 0 },
    { name: 'rssPerClientKiB', title: 'RSS, KiB a client', digits: 2, better: 'less' },
    { name: 'echoUs', title: 'µs an echo', digits: 0, better: 'less' },
  ],
  runs(options) {
    const all: ServerName[] = ['ws', 'receive', 'onMessage']
    return [
      ...all.map((name) => echo(name, options, '64 B echo', { bytes: 64, clients: 8, outstanding: 32 })),
      ...all.map((name) => echo(name, options, '64 KiB echo', { bytes: 65_536, clients: 4, outstanding: 4 })),
      ...all.map((name) => echo(name, options, '1 MiB echo', { bytes: 1_048_576, clients: 2, outstanding: 2 })),
      ...pair((name) => broadcast(name, options)),
      ...pair((name) => connect(name, options)),
      ...pair((name) => idle(name)),
      ...blocking(),
    ]
  },
}

function pair(run: (name: ServerName) => Run): Run[] {
  return [run('ws'), run('onMessage')]
}

function echo(name: ServerName, options: BenchOptions, scenario: string, parameters: Figures): Run {
  return watched(name, options, scenario, 'websocketEcho', parameters, (window) =>
    rateOf(window.client['messages'] ?? 0, window),
  )
}

function broadcast(name: ServerName, options: BenchOptions): Run {
  const parameters = { bytes: 64, clients: 1_000 }
  return watched(name, options, '64 B to 1,000', 'websocketBroadcast', parameters, (window) =>
    rateOf(window.client['messages'] ?? 0, window),
  )
}

function connect(name: ServerName, options: BenchOptions): Run {
  return watched(name, options, 'connect and close', 'websocketConnect', { clients: 32 }, (window) =>
    rateOf(window.server['connections'] ?? 0, window),
  )
}

function watched(
  name: ServerName,
  { isQuick }: BenchOptions,
  scenario: string,
  workload: PairOptions['workload'],
  parameters: Figures,
  figures: (window: Window) => Figures,
): Run {
  return watchedRun({
    name: names[name],
    scenario,
    pair: pairOptions(workload, { ...parameters, server: servers[name] }),
    warmUpMs: isQuick ? 1_000 : 3_000,
    lengthMs: isQuick ? 1_000 : 2_000,
    figures,
  })
}

function idle(name: ServerName): Run {
  return watchedRun({
    name: names[name],
    scenario: `${IDLE_CLIENTS.toLocaleString('en')} idle clients`,
    pair: pairOptions('websocketIdle', { clients: IDLE_CLIENTS, server: servers[name] }),
    warmUpMs: 1_000,
    lengthMs: 500,
    figures: ({ serverState }) => ({ rssPerClientKiB: serverState['rssPerClientKiB'] ?? NaN }),
  })
}

function blocking(): Run[] {
  const hasLua = spawnSync('lua5.1', ['-e', "require 'socket'"], { stdio: 'ignore' }).status === 0
  const clients: (keyof typeof blockingClients)[] = hasLua ? ['client.sync', 'LuaSocket'] : ['client.sync']
  return clients.map((adapter) => ({
    adapter,
    scenario: '64 B, blocking',
    measure: async () => {
      const parameters = { client: blockingClients[adapter], echoes: BLOCKING_ECHOES }
      const ends = await Pair.start(pairOptions('websocketBlocking', parameters))
      try {
        const { figures } = await ends.clientReport(REPORT_LIMIT_MS)
        return { adapter, scenario: '64 B, blocking', figures }
      } finally {
        await ends.stop()
      }
    },
  }))
}

function pairOptions(workload: PairOptions['workload'], parameters: Figures): PairOptions {
  return { adapter: 'net', workload, parameters, security: undefined }
}
