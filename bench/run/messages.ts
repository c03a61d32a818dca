import type { EndOptions } from '../adapters/adapter.ts'
import type { AdapterName } from '../adapters/catalogue.ts'
import type { TableAdapterName } from '../tables/catalogue.ts'
import type { TableWorkloadName } from '../tables/workloads.ts'
import type { WorkloadName } from '../workloads/catalogue.ts'
import type { Figures, Report } from '../workloads/workload.ts'

/** What a process of a measurement is started with. */
export interface EndOrder {
  readonly adapter: AdapterName | TableAdapterName
  readonly workload: WorkloadName | TableWorkloadName
  readonly role: 'serve' | 'drive'
  readonly options: EndOptions
  readonly parameters: Figures
}

/** What it says. */
export type EndMessage =
  | { readonly type: 'ready'; readonly port: number }
  | { readonly type: 'counters'; readonly counters: Figures; readonly cpuMs: number; readonly atMs: number }
  | { readonly type: 'result'; readonly report: Report }
  | { readonly type: 'failed'; readonly message: string }
