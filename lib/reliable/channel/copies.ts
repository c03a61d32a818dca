import { LinkedList } from './linked-list.ts'
import type { OutgoingMessage } from './outgoing-message.ts'

/**
 * When small messages that are not acknowledged are written again before any loss is known. One object, changed in place by
 * whoever decides.
 */
export interface CopyPolicy {
  /** How often a message is written in quick succession, its first time included. */
  copies: number
  /** The time between those writings. */
  gapMs: number
  /** A message that was written this often, and is this long after its first time still not acknowledged, is written again … */
  lateAfterMs: number
  /** … at intervals of this. */
  lateGapMs: number
}

/** Messages that were written this often or more are not told apart. */
const MAX_TIMES = 16

/**
 * The small messages that are in flight and may be written again before any loss is known.
 *
 * They are kept apart by how often they were written, and in the order in which they were last: of each group it is the first one that is
 * due, if any is, so finding what is due never looks at what is not.
 */
export class Copies {
  /** By times written, from 1 on; as many as were ever needed. */
  readonly #groups: LinkedList<OutgoingMessage>[] = []

  /** A message was written; its record says how often that makes. */
  noteWritten(message: OutgoingMessage): void {
    const times = Math.min(message.timesWritten, MAX_TIMES)
    while (this.#groups.length < times) this.#groups.push(new LinkedList<OutgoingMessage>())
    this.#groups[times - 1]?.append(message.repeatLink)
  }

  /** The earliest time at which a message is due; `Infinity` for never. */
  nextAt(policy: Readonly<CopyPolicy>): number {
    let earliest = Infinity
    for (const group of this.#groups) {
      if (group.first !== undefined) earliest = Math.min(earliest, dueAt(group.first.owner, policy))
    }
    return earliest
  }

  /**
   * The oldest message that is due and is not in the packet of this number. `passedOver` is a bit set of the groups (by times written)
   * to look for it in no more.
   */
  oldestDue(
    now: number,
    policy: Readonly<CopyPolicy>,
    packetNumber: number,
    passedOver: number,
  ): OutgoingMessage | undefined {
    let oldest: OutgoingMessage | undefined
    for (const { first } of this.#groups) {
      const message = first?.owner
      if (message === undefined || (passedOver & groupBit(message)) !== 0) continue
      if (message.lastPacketNumber === packetNumber || dueAt(message, policy) > now) continue
      if (oldest === undefined || message.order < oldest.order) oldest = message
    }
    return oldest
  }
}

/** The bit of a message's group. */
export function groupBit(message: OutgoingMessage): number {
  return 1 << Math.min(message.timesWritten, MAX_TIMES)
}

function dueAt(message: OutgoingMessage, policy: Readonly<CopyPolicy>): number {
  const { firstSentAt, lastSentAt, timesWritten } = message
  if (timesWritten < policy.copies) return lastSentAt + policy.gapMs
  return Math.max(firstSentAt + policy.lateAfterMs, lastSentAt + policy.lateGapMs)
}
