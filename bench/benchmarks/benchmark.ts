import type { AdapterName } from '../adapters/catalogue.ts'
import type { Figures } from '../workloads/workload.ts'

/** How the whole of it runs. */
export interface BenchOptions {
  readonly isQuick: boolean
  readonly repetitions: number
  readonly security: string | undefined
  /** The peers that are there, and asked for. */
  readonly adapters: readonly AdapterName[]
  /** Whether there can be a bad link for TCP and UDP alike. */
  readonly canImpair: boolean
}

/** The peers that carry much: with the others, which take minutes for what is asked of these, a run would take an hour. */
export function swiftOf({ adapters }: BenchOptions): AdapterName[] {
  return adapters.filter((name) => SWIFT.includes(name))
}

const SWIFT: readonly AdapterName[] = ['udpipe', 'net', 'ws', 'udx-native', 'ENet']

/** What one run measured of one adapter. */
export interface Sample {
  readonly adapter: string
  /** What distinguishes it from the benchmark's other measurements: '5 % loss', '16 MiB'. */
  readonly scenario: string
  readonly figures: Figures
  /** Of a distribution: so many quantiles, evenly spread from 0 to 1. */
  readonly quantiles?: readonly number[]
}

/** One thing to run, some seconds long. */
export interface Run {
  readonly adapter: string
  readonly scenario: string
  /** How often at most; as often as all others by default. */
  readonly repetitions?: number
  measure(repetition: number): Promise<Sample | readonly Sample[]>
}

export interface Benchmark {
  readonly name: string
  readonly title: string
  /** What is measured and how, for whoever reads the page. */
  readonly method: string
  /** The figures, most telling first, and how they read. */
  readonly figures: readonly FigureColumn[]
  runs(options: BenchOptions): Run[]
}

export interface FigureColumn {
  readonly name: string
  readonly title: string
  readonly digits: number
  /** Whether more of it is better; nothing for what is neither. */
  readonly better?: 'more' | 'less'
}
