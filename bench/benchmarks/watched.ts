import { Pair, type PairOptions, type Window } from '../run/pair.ts'
import type { Figures } from '../workloads/workload.ts'
import type { Run } from './benchmark.ts'

/** It takes seconds until all code that a library runs is compiled, on the one core that its process has. */
export const WARM_UP_MS = 6_000

/** A run in which two processes are watched for a while, after they have warmed up. */
export interface WatchedRun {
  /** What its figures are listed under; the name of the pair's adapter by default. */
  readonly name?: string
  readonly scenario: string
  readonly repetitions?: number
  readonly pair: PairOptions
  readonly warmUpMs: number
  readonly lengthMs: number
  /** What the window shows. */
  readonly figures: (window: Window) => Figures
}

export function watchedRun({ name, scenario, repetitions, pair: options, ...watch }: WatchedRun): Run {
  const adapter = name ?? options.adapter
  return {
    adapter,
    scenario,
    ...(repetitions !== undefined && { repetitions }),
    measure: async () => {
      const pair = await Pair.start(options)
      try {
        return { adapter, scenario, figures: watch.figures(await pair.watch(watch.warmUpMs, watch.lengthMs)) }
      } finally {
        await pair.stop()
      }
    },
  }
}

/** So many of something, and what each of them cost. */
export function rateOf(count: number, { seconds, serverCpuMs, clientCpuMs }: Window): Figures {
  return {
    perSecond: count / seconds,
    serverCpuUs: (serverCpuMs * 1000) / count,
    clientCpuUs: (clientCpuMs * 1000) / count,
  }
}
