import { DeliveryCode } from '../wire/frame.ts'
import { sequenceAfter } from '../wire/sequence.ts'
import { Link, LinkedList } from './linked-list.ts'
import type { OutgoingMessage } from './outgoing-message.ts'

/** What the messages of one channel and one delivery go through on their way out. */
export abstract class SendingLane {
  readonly channel: number
  /** The delivery, as the wire says it. */
  readonly delivery: number
  /** What waits to be written for the first time, oldest first; the first one may have begun. */
  readonly queue: LinkedList<OutgoingMessage> = new LinkedList<OutgoingMessage>()
  /** What has begun to be written and is not confirmed, oldest first; the first one is not acknowledged. */
  readonly unacked: LinkedList<OutgoingMessage> = new LinkedList<OutgoingMessage>()
  /** Where it waits for its turn to write. */
  readonly turnLink: Link<SendingLane> = new Link<SendingLane>(this)
  /** Lanes of a lower number go first. */
  priority: number
  #nextSequence = 0

  constructor(channel: number, delivery: number, priority: number) {
    this.channel = channel
    this.delivery = delivery
    this.priority = priority
  }

  /** Whether messages are written again until they are acknowledged; otherwise they are written once and forgotten. */
  abstract readonly isAcked: boolean

  /** Whether the other side hands messages over in their order, so that one is confirmed only with all before it. */
  get isOrdered(): boolean {
    return this.delivery === DeliveryCode.reliable
  }

  /** Whether messages cost credit. */
  abstract readonly hasCredit: boolean

  /** Whether a message takes the place of the one before it. */
  abstract readonly keepsNewest: boolean

  /** How many messages of the queue may begin to be written, credit apart. */
  abstract readonly mayBegin: number

  /** The message that is next to be written. */
  get head(): OutgoingMessage | undefined {
    return this.queue.first?.owner
  }

  /** The sequence that the next message has that needs one. */
  get nextSequence(): number {
    return this.#nextSequence
  }

  /** So many messages, the first one with {@link nextSequence}, begin to be written. */
  takeSequences(count: number): void {
    this.#nextSequence = sequenceAfter(this.#nextSequence, count)
  }
}
