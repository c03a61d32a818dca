import type { Partition, Random } from '../../lib/simulator/index.ts'
import type { LoopOptions } from '../support/end-world.ts'

/** How often and for how long programs are held up, where they are. */
const HOLD_UP_INTERVAL_MS = 40
const MAX_HOLD_UP_MS = 25
/** The transfer begins a little before. */
const HELD_UP_FROM_MS = 205
const HELD_UP_UNTIL_MS = 30_000

/** Pauses of a few milliseconds each, as a compiler, a collector of garbage or another program causes them. */
export function holdUps(random: Random): LoopOptions {
  const pauses: Partition[] = []
  for (let now = HELD_UP_FROM_MS; now < HELD_UP_UNTIL_MS;) {
    const fromMs = now + random.between(0, 2 * HOLD_UP_INTERVAL_MS)
    now = fromMs + random.between(0, MAX_HOLD_UP_MS)
    pauses.push({ fromMs, untilMs: now })
  }
  return { pauses }
}
