import type { Link, LinkOptions } from '../../lib/simulator/index.ts'
import type { End } from '../support/end.ts'
import { ReliableWorld } from '../support/reliable-world.ts'
import type { MeasureOptions } from './measurement.ts'

export const ONE_WAY_MS = 25
export const MiB = 1024 * 1024

export function createWorld(seed: number, link: LinkOptions, { redundancy }: MeasureOptions, loop = {}): ReliableWorld {
  return new ReliableWorld({ seed, link, redundancy, server: { loop } })
}

export function* seedsOf({ firstSeed, seeds }: MeasureOptions): Generator<number> {
  for (let seed = firstSeed; seed < firstSeed + seeds; seed += 1) yield seed
}

/** What was given to a link. */
export function offered(link: Link): { packets: number; bytes: number } {
  return { packets: link.stats.offeredPackets, bytes: link.stats.offeredBytes }
}

/** What an end said more than once. */
export function repeatedBytes({ session: { stats } }: End): number {
  return stats.redundantBytes + stats.retransmittedBytes
}
