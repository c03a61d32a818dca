/**
 * When small messages that are not acknowledged are written again before any loss is known. One object, changed in place by
 * whoever decides.
 */
export interface CopyPolicy {
  /** How often a message is written in quick succession, its first time included. */
  copies: number
  /** The time between those writings. */
  gapMs: number
  /** A message that was written so often, and is this long after its first time still not acknowledged, is written again … */
  lateAfterMs: number
  /** … at intervals of this. */
  lateGapMs: number
}
