import { setTimeout as delay } from 'node:timers/promises'
import { UDPipeError } from '../core/errors.ts'
import { monotonicMs } from './clock.ts'

/** How far behind its schedule a loop may fall before it gives up the ticks it missed. */
const MAX_BEHIND_TICKS = 5

/** Options of {@link ticks}. */
export interface TicksOptions {
  /** Ends the loop when it aborts, without an error. */
  readonly signal?: AbortSignal
}

/**
 * A main loop's heartbeat: yields `hz` times a second, with the seconds since the last time.
 *
 * The schedule is fixed at the start, so the rate does not drift; a loop that falls behind catches up a few ticks at once and
 * skips the rest.
 *
 * @param hz ticks a second, above 0 and at most 1,000
 * @throws UDPipeError `ERR_ARGUMENT_INVALID`
 */
export function ticks(hz: number, options: TicksOptions = {}): AsyncGenerator<number, void, void> {
  if (!(hz > 0 && hz <= 1000)) {
    throw new UDPipeError('ERR_ARGUMENT_INVALID', `ticks(hz): hz must be above 0 and at most 1000; it was ${hz}.`)
  }
  return heartbeat(1000 / hz, options.signal)
}

async function* heartbeat(intervalMs: number, signal: AbortSignal | undefined): AsyncGenerator<number, void, void> {
  let last = monotonicMs()
  let next = last + intervalMs
  while (!signal?.aborted) {
    if (!(await sleepUntil(next, signal))) return
    const now = monotonicMs()
    yield (now - last) / 1000
    last = now
    next = Math.max(next + intervalMs, now - MAX_BEHIND_TICKS * intervalMs)
  }
}

/** Sleeps, or at least lets the sockets be read; returns whether the loop goes on. */
async function sleepUntil(time: number, signal: AbortSignal | undefined): Promise<boolean> {
  // Timers keep whole milliseconds: sleep the whole ones, and let the fraction carry over to the next tick.
  const waitMs = Math.max(0, Math.round(time - monotonicMs()))
  try {
    await delay(waitMs, undefined, signal === undefined ? {} : { signal })
    return true
  } catch {
    return false
  }
}
