import { setTimeout as delay } from 'node:timers/promises'
import { checkTicksOptions, tickIntervalMs, TickSchedule, type TicksOptions } from '../core/tick-schedule.ts'
import { monotonicMs } from './clock.ts'

/**
 * A main loop's heartbeat: yields `hz` times a second, with the seconds since the last time.
 *
 * The schedule is fixed at the start, so the rate does not drift; a loop that falls behind catches up a few ticks at once and
 * skips the rest.
 *
 * @param hz ticks a second, above 0 and at most 1,000
 * @throws UDPipeError `ERR_ARGUMENT_INVALID`, `ERR_OPTION_UNKNOWN`
 */
export function ticks(hz: number, options: TicksOptions = {}): AsyncGenerator<number, void, void> {
  checkTicksOptions(options, 'ticks')
  return heartbeat(tickIntervalMs(hz), options.signal)
}

async function* heartbeat(intervalMs: number, signal: AbortSignal | undefined): AsyncGenerator<number, void, void> {
  const schedule = new TickSchedule(monotonicMs(), intervalMs)
  while (!signal?.aborted) {
    if (!(await sleep(schedule.waitMs(monotonicMs()), signal))) return
    yield schedule.tick(monotonicMs()) / 1000
  }
}

/** Sleeps, or at least lets the sockets be read; returns whether the loop goes on. */
async function sleep(waitMs: number, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    // Timers keep whole milliseconds: sleep the whole ones, and let the fraction carry over to the next tick.
    await delay(Math.round(waitMs), undefined, signal === undefined ? {} : { signal })
    return true
  } catch {
    return false
  }
}
