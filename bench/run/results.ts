import type { FigureColumn } from '../benchmarks/benchmark.ts'
import type { Machine } from './machine.ts'
import type { Summary } from './statistics.ts'

/** What a run of the benchmarks leaves behind, as JSON. */
export interface Results {
  readonly startedAt: string
  readonly machine: Machine
  readonly security: string
  readonly isQuick: boolean
  readonly repetitions: number
  readonly peers: readonly PeerState[]
  readonly benchmarks: readonly BenchmarkResult[]
}

/** Whether a peer took part. */
export interface PeerState {
  readonly name: string
  readonly version: string
  /** Why it did not. */
  readonly absence?: string
}

export interface BenchmarkResult {
  readonly name: string
  readonly title: string
  readonly method: string
  readonly columns: readonly FigureColumn[]
  readonly rows: readonly ResultRow[]
  /** How much of the time that it wanted the cores the host gave to others; nothing where that is not known. */
  readonly stolenPercent?: number
  /** The run that it was measured in, if that is not the one of the others. */
  readonly ownRun?: Pick<Results, 'startedAt' | 'machine'>
  /** Why it did not run. */
  readonly omission?: string
}

/** One adapter in one scenario, over all repetitions. */
export interface ResultRow {
  readonly scenario: string
  readonly adapter: string
  readonly figures: Readonly<Record<string, Summary>>
  /** Of all repetitions together, evenly spread from 0 to 1. */
  readonly quantiles?: readonly number[]
  /** What went wrong, where something did. */
  readonly failures?: readonly string[]
}
