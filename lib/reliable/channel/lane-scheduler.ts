import type { SendCredit } from './credit.ts'
import { LinkedList } from './linked-list.ts'
import type { OutgoingMessage, SendingLane } from './outgoing-message.ts'

/** How many priorities there are: 0, the first, to 3. */
export const PRIORITIES = 4

/** The priority of a channel of which nothing else was said. */
export const DEFAULT_PRIORITY = 1

/**
 * Which lanes may write, and in which order: thin ones before those with bulk, lower priority numbers first, and those of the same one
 * in turns.
 *
 * Of the fragmented messages that cost credit only one at a time is between its first and its last fragment. So what the others
 * spent comes back, and that one always gets to its end.
 */
export class LaneScheduler {
  readonly thin: readonly LinkedList<SendingLane>[] = createLists()
  readonly bulk: readonly LinkedList<SendingLane>[] = createLists()
  readonly #credit: SendCredit
  readonly #smallMessageBytes: number
  readonly #withoutCredit = new LinkedList<SendingLane>()
  readonly #behindOpen = new LinkedList<SendingLane>()
  /** The message that is between its first and its last fragment. */
  #open: OutgoingMessage | undefined

  constructor(credit: SendCredit, smallMessageBytes: number) {
    this.#credit = credit
    this.#smallMessageBytes = smallMessageBytes
  }

  /** Whether a message goes before bulk: one that is small, or that is not worth anything when it comes late. */
  isThin(message: OutgoingMessage): boolean {
    if (message.fragments !== undefined) return false
    return this.isSmall(message) || message.lane?.isAcked === false
  }

  /** Whether a message, or each of a run, is small. */
  isSmall(message: OutgoingMessage): boolean {
    return message.count > 1 || message.length <= this.#smallMessageBytes
  }

  /** Puts a lane where it belongs, after its queue, or what it may do, has changed. */
  place(lane: SendingLane): void {
    const list = this.#listOf(lane)
    if (list === undefined) lane.turnLink.leave()
    else if (lane.turnLink.list !== list) list.append(lane.turnLink)
  }

  /** The last of a fragmented message's fragments was written, or not the last one. */
  noteFragment(lane: SendingLane, message: OutgoingMessage): void {
    if (!lane.hasCredit) return
    const isOpen = message.fragments?.isWhollyWritten === false
    this.#open = isOpen ? message : undefined
    if (!isOpen) this.#placeAll(this.#behindOpen)
  }

  /** More credit was granted. */
  noteCredit(): void {
    this.#placeAll(this.#withoutCredit)
  }

  #listOf(lane: SendingLane): LinkedList<SendingLane> | undefined {
    const { head } = lane
    if (head === undefined || (!head.hasBegun && lane.mayBegin <= 0)) return undefined
    if (lane.hasCredit) {
      if (head.fragments !== undefined && this.#open !== undefined && this.#open !== head) return this.#behindOpen
      if (!this.#credit.allows(lane.channel, head.nextCost)) return this.#withoutCredit
    }
    return (this.isThin(head) ? this.thin : this.bulk)[lane.priority]
  }

  /** Puts every lane of a list where it belongs now; those that belong to its end come round no second time. */
  #placeAll(list: LinkedList<SendingLane>): void {
    let link = list.first
    for (let count = list.size; count > 0 && link !== undefined; count -= 1) {
      const next = link.next
      this.place(link.owner)
      link = next
    }
  }
}

function createLists(): LinkedList<SendingLane>[] {
  return Array.from({ length: PRIORITIES }, () => new LinkedList<SendingLane>())
}
