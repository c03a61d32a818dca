/** Times that are the same but for rounding are this close, as a share of the interval. */
const GRAIN = 1e-9

/** The first time after `now` that is a whole number of intervals after `from`; counted anew each time, so it never drifts. */
export function nextInInterval(from: number, intervalMs: number, now: number): number {
  const count = Math.floor((now - from) / intervalMs + GRAIN) + 1
  const next = from + count * intervalMs
  return next > now ? next : next + intervalMs
}
