import type { AdapterName } from '../adapters/catalogue.ts'
import type { TableAdapterName } from '../tables/catalogue.ts'
import type { TableWorkloadName } from '../tables/workloads.ts'
import type { Impairment } from '../network/impairment.ts'
import type { WorkloadName } from '../workloads/catalogue.ts'
import type { Figures, Report } from '../workloads/workload.ts'
import { pinned } from './cores.ts'
import { EndProcess, type Mark } from './end-process.ts'

/** What runs, and where. */
export interface PairOptions {
  readonly adapter: AdapterName | TableAdapterName
  readonly workload: WorkloadName | TableWorkloadName
  readonly parameters: Figures
  readonly security: string | undefined
  readonly maxConnections?: number
  /** The link between the two; loopback when missing. */
  readonly link?: Impairment
}

/** What both ends did between two moments. */
export interface Window {
  readonly seconds: number
  /** By how much each counter has grown. */
  readonly server: Figures
  readonly client: Figures
  /** What the server's counters were at the end: for those that do not grow. */
  readonly serverState: Figures
  /** Milliseconds of CPU. */
  readonly serverCpuMs: number
  readonly clientCpuMs: number
}

const READY_LIMIT_MS = 30_000

/** A server and a client in two processes, each pinned to a core where the system allows. */
export class Pair {
  readonly #server: EndProcess
  readonly #client: EndProcess

  private constructor(server: EndProcess, client: EndProcess) {
    this.#server = server
    this.#client = client
  }

  /** Starts both, and resolves when the client is connected. */
  static async start({ adapter, workload, parameters, security, maxConnections, link }: PairOptions): Promise<Pair> {
    const host = link?.host ?? '127.0.0.1'
    const common = { host, ...(security && { security }), ...(maxConnections && { maxConnections }) }
    const order = { adapter, workload, parameters }
    const server = new EndProcess({ ...order, role: 'serve', options: { ...common, port: 0 } }, [
      ...(link?.prefix('server') ?? []),
      ...pinned('serve'),
    ])
    let client: EndProcess | undefined
    try {
      const port = await within(server.ready(), READY_LIMIT_MS, 'the server did not start')
      client = new EndProcess({ ...order, role: 'drive', options: { ...common, port } }, [
        ...(link?.prefix('client') ?? []),
        ...pinned('drive'),
      ])
      await within(client.ready(), READY_LIMIT_MS, 'the client did not connect')
      return new Pair(server, client)
    } catch (error) {
      await Promise.all([server.stop(), client?.stop()])
      throw error
    }
  }

  /** What the server measured. */
  serverReport(limitMs: number): Promise<Report> {
    return within(this.#server.report, limitMs, 'the server did not finish in time')
  }

  /** What the client measured. */
  clientReport(limitMs: number): Promise<Report> {
    return within(this.#client.report, limitMs, 'it did not finish in time')
  }

  /** Watches for so long, after a warm-up. */
  async watch(warmUpMs: number, lengthMs: number): Promise<Window> {
    await sleep(warmUpMs)
    const before = await this.#mark()
    await sleep(lengthMs)
    const after = await this.#mark()
    return {
      seconds: (after.server.atMs - before.server.atMs) / 1000,
      server: increase(before.server, after.server),
      client: increase(before.client, after.client),
      serverState: after.server.counters,
      serverCpuMs: after.server.cpuMs - before.server.cpuMs,
      clientCpuMs: after.client.cpuMs - before.client.cpuMs,
    }
  }

  async stop(): Promise<void> {
    await Promise.all([this.#client.stop(), this.#server.stop()])
  }

  async #mark(): Promise<{ readonly server: Mark; readonly client: Mark }> {
    const marks = Promise.all([this.#server.mark(), this.#client.mark()])
    const [server, client] = await within(marks, READY_LIMIT_MS, 'an end is too busy to answer')
    return { server, client }
  }
}

/** By how much each counter has grown. */
function increase(before: Mark, after: Mark): Figures {
  return Object.fromEntries(
    Object.entries(after.counters).map(([name, value]) => [name, value - (before.counters[name] ?? 0)]),
  )
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

async function within<T>(promise: Promise<T>, limitMs: number, complaint: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${complaint} (${limitMs / 1000} s)`)), limitMs)
  })
  try {
    return await Promise.race([promise, limit])
  } finally {
    clearTimeout(timer)
  }
}
