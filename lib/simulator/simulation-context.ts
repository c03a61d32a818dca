import type { Network } from './network.ts'
import type { Timeline } from './timeline.ts'
import type { Trace } from './trace.ts'

/** What the programs of a simulation stand on. */
export interface SimulationContext {
  readonly timeline: Timeline
  readonly network: Network
  readonly trace: Trace | undefined
  /** Where datagrams are written before the network copies them. */
  readonly scratch: Uint8Array
}
