import { hasSequence } from '../wire/frame.ts'
import type { PacketWriter } from '../wire/packet.ts'
import { Copies, groupBit, type CopyPolicy } from './copies.ts'
import type { SendCredit } from './credit.ts'
import { LinkedList } from './linked-list.ts'
import { type SentFrames, WHOLE } from './sent-frames.ts'
import type { MessagePool, OutgoingMessage, SendingLane } from './outgoing-message.ts'
import type { SendQueue } from './send-queue.ts'
import type { LaneScheduler } from './lane-scheduler.ts'

/** How many messages a lane writes before the next one has its turn. */
const BURST_MESSAGES = 16

/** After this many messages that did not fit, a packet is taken for full. */
const MAX_MISFITS = 8

/** The smallest frame takes so much. */
const MIN_FRAME_BYTES = 2

/** What a DATA frame with a fragment has before its payload at most. */
const FRAGMENT_HEAD_BYTES = 20

/** Writes messages to packets, and again until they are acknowledged. */
export class MessageSender {
  /** How often a lost message or fragment is written again, each time in another packet. */
  resendWrites = 1
  readonly #queue: SendQueue
  readonly #scheduler: LaneScheduler
  readonly #credit: SendCredit
  readonly #pool: MessagePool
  readonly #copies = new Copies()
  readonly #thinLost = new LinkedList<OutgoingMessage>()
  readonly #bulkLost = new LinkedList<OutgoingMessage>()

  constructor(queue: SendQueue, scheduler: LaneScheduler, credit: SendCredit, pool: MessagePool) {
    this.#queue = queue
    this.#scheduler = scheduler
    this.#credit = credit
    this.#pool = pool
  }

  /** Whether there is a thin message to write. */
  hasThin(now: number): boolean {
    return this.#thinLost.size > 0 || this.#hasReady(now, this.#scheduler.thin)
  }

  /** Whether there is bulk to write. */
  hasBulk(now: number): boolean {
    return this.#bulkLost.size > 0 || this.#hasReady(now, this.#scheduler.bulk)
  }

  /** Writes what is lost and what is new, as fits: thin messages, then, if it is allowed, bulk. */
  writeNew(now: number, packet: PacketWriter, sentFrames: SentFrames, allowBulk: boolean): void {
    this.#writeLost(now, this.#thinLost, packet, sentFrames)
    for (const lanes of this.#scheduler.thin) this.#writeInTurns(now, lanes, packet, sentFrames)
    if (!allowBulk) return
    this.#writeLost(now, this.#bulkLost, packet, sentFrames)
    for (const lanes of this.#scheduler.bulk) this.#writeInTurns(now, lanes, packet, sentFrames)
  }

  /** Writes small messages again that are in flight and due for it, oldest first. Returns how many bytes that took. */
  writeCopies(
    now: number,
    packet: PacketWriter,
    sentFrames: SentFrames,
    budgetBytes: number,
    policy: Readonly<CopyPolicy>,
  ): number {
    const { packetNumber } = packet
    const start = packet.remaining
    let passedOver = 0
    let message = this.#copies.oldestDue(now, policy, packetNumber, passedOver)
    while (message !== undefined) {
      const bit = groupBit(message)
      const left = budgetBytes - (start - packet.remaining)
      const isInBudget = message.frameBytes <= left
      if (!isInBudget || !this.#writeAgain(now, message, WHOLE, packet, sentFrames)) passedOver |= bit
      message = this.#copies.oldestDue(now, policy, packetNumber, passedOver)
    }
    sentFrames.copyBytes += start - packet.remaining
    return start - packet.remaining
  }

  /** See `Channels.nextCopyAt`. */
  nextCopyAt(policy: Readonly<CopyPolicy>): number {
    return this.#copies.nextAt(policy)
  }

  /** Writes what is not acknowledged again, whatever is known of it, the oldest message first. Returns how many bytes that took. */
  writeProbe(now: number, packet: PacketWriter, sentFrames: SentFrames, budgetBytes: number): number {
    const start = packet.remaining
    const oldest = this.#laneOfOldestUnacked()
    if (oldest === undefined) return 0
    this.#probeLane(now, oldest, packet, sentFrames, start - budgetBytes)
    for (const lane of this.#queue.lanes) {
      if (lane !== oldest) this.#probeLane(now, lane, packet, sentFrames, start - budgetBytes)
    }
    sentFrames.copyBytes += start - packet.remaining
    return start - packet.remaining
  }

  /** A packet with what the sentFrames says was acknowledged. */
  handleAcked(sentFrames: SentFrames): void {
    for (let at = 0; at < sentFrames.messageCount; at += 1) {
      const message = sentFrames.messageAt(at)
      if (message !== undefined) this.#noteAcked(message, sentFrames.indexAt(at))
    }
  }

  /** A packet with what the sentFrames says was lost: what is in flight in no other one is written again. */
  handleLost(sentFrames: SentFrames): void {
    for (let at = 0; at < sentFrames.messageCount; at += 1) {
      const message = sentFrames.messageAt(at)
      if (message === undefined) continue
      const index = sentFrames.indexAt(at)
      if (message.fragments === undefined) this.#noteWholeLost(message)
      else {
        message.fragments.noteLost(index, this.resendWrites)
        if (message.fragments.hasLost && message.repeatLink.list === undefined)
          this.#bulkLost.append(message.repeatLink)
      }
    }
  }

  // New messages

  #hasReady(now: number, lists: readonly LinkedList<SendingLane>[]): boolean {
    for (const list of lists) {
      while (list.first !== undefined) {
        const lane = list.first.owner
        if (this.#isReady(now, lane, list)) return true
      }
    }
    return false
  }

  /** Whether a lane, brought up to date, is still in this list. */
  #isReady(now: number, lane: SendingLane, list: LinkedList<SendingLane>): boolean {
    this.#queue.dropStale(now, lane)
    this.#scheduler.place(lane)
    return lane.turnLink.list === list
  }

  /** Lets the lanes of a list write in turns, until none has anything left that fits. */
  #writeInTurns(now: number, list: LinkedList<SendingLane>, packet: PacketWriter, sentFrames: SentFrames): void {
    let misfits = 0
    let link = list.first
    while (link !== undefined && misfits < MAX_MISFITS && packet.remaining >= MIN_FRAME_BYTES) {
      const next = link.next
      const lane = link.owner
      const hasWritten = this.#writeBurst(now, lane, list, packet, sentFrames)
      const isReady = lane.turnLink.list === list
      // Who has written goes to the end and comes round again; who could not stays in front, and is the first in the next packet.
      if (hasWritten && isReady) list.append(link)
      if (!hasWritten) misfits += 1
      link = next ?? (hasWritten && isReady ? link : undefined)
    }
  }

  /** Lets a lane write a few messages. Returns whether it wrote any. */
  #writeBurst(
    now: number,
    lane: SendingLane,
    list: LinkedList<SendingLane>,
    packet: PacketWriter,
    sentFrames: SentFrames,
  ): boolean {
    let count = 0
    while (count < BURST_MESSAGES && this.#isReady(now, lane, list)) {
      const written = this.#writeHead(now, lane, packet, sentFrames, BURST_MESSAGES - count)
      if (written === 0) break
      count += written
    }
    return count > 0
  }

  /**
   * Writes the first message of a lane, the first ones where they are a run, or a fragment. Returns how many messages that is; 0 when
   * it does not fit.
   */
  #writeHead(
    now: number,
    lane: SendingLane,
    packet: PacketWriter,
    sentFrames: SentFrames,
    maxMessages: number,
  ): number {
    this.#queue.fitHead(lane, packet.remaining, maxMessages)
    const message = lane.head
    if (message === undefined) return 0
    const start = packet.remaining
    const { nextCost, count } = message
    const isThin = this.#scheduler.isThin(message)
    const isWritten =
      message.fragments === undefined
        ? this.#writeWhole(now, lane, message, packet, sentFrames)
        : this.#writeNextFragment(lane, message, packet, sentFrames)
    if (!isWritten) return 0
    if (lane.hasCredit) this.#credit.spend(lane.channel, nextCost)
    sentFrames.newBytes += start - packet.remaining
    if (!isThin) sentFrames.bulkBytes += start - packet.remaining
    this.#scheduler.place(lane)
    return count
  }

  #writeWhole(
    now: number,
    lane: SendingLane,
    message: OutgoingMessage,
    packet: PacketWriter,
    sentFrames: SentFrames,
  ): boolean {
    if (!packet.messages(lane.delivery, lane.channel, lane.nextSequence, message)) return false
    this.#queue.noteWritten(message)
    if (!lane.isAcked) {
      this.#pool.give(message)
      return true
    }
    this.#begin(lane, message)
    message.firstSentAt = now
    this.#noteWholeWritten(now, message, packet.packetNumber, sentFrames)
    return true
  }

  #writeNextFragment(
    lane: SendingLane,
    message: OutgoingMessage,
    packet: PacketWriter,
    sentFrames: SentFrames,
  ): boolean {
    const { fragments } = message
    if (fragments === undefined) return false
    const index = fragments.next
    const sequence = index === 0 ? lane.nextSequence : message.sequence
    if (!this.#writeFragmentFrame(message, sequence, index, packet)) return false
    if (index === 0) this.#begin(lane, message)
    fragments.noteWritten(index)
    this.#queue.noteFragmentWritten(message, fragments.lengthOf(index, message.length))
    this.#scheduler.noteFragment(lane, message)
    if (lane.isAcked) sentFrames.addMessage(message, index)
    else if (fragments.isWhollyWritten) this.#pool.give(message)
    return true
  }

  /** A message gets its sequence, and waits to be acknowledged if its lane is one of those. */
  #begin(lane: SendingLane, message: OutgoingMessage): void {
    if (message.fragments !== undefined || hasSequence(lane.delivery)) {
      message.sequence = lane.nextSequence
      lane.takeSequences(message.count)
    }
    if (!lane.isAcked) return
    if (lane.keepsNewest && lane.unacked.first !== undefined) this.#pool.give(lane.unacked.first.owner)
    lane.unacked.append(message.unackedLink)
  }

  // Messages again

  #writeLost(now: number, list: LinkedList<OutgoingMessage>, packet: PacketWriter, sentFrames: SentFrames): void {
    const start = packet.remaining
    let misfits = 0
    let link = list.first
    while (link !== undefined && misfits < MAX_MISFITS && packet.remaining >= MIN_FRAME_BYTES) {
      const next = link.next
      const message = link.owner
      const isWritten =
        message.fragments === undefined
          ? this.#writeAgain(now, message, WHOLE, packet, sentFrames)
          : this.#writeLostFragments(now, message, packet, sentFrames)
      if (!isWritten) misfits += 1
      link = next
    }
    sentFrames.resentBytes += start - packet.remaining
    if (list === this.#bulkLost) sentFrames.bulkBytes += start - packet.remaining
  }

  /** Writes the lost fragments of a message, each once. Returns whether one fitted. */
  #writeLostFragments(now: number, message: OutgoingMessage, packet: PacketWriter, sentFrames: SentFrames): boolean {
    const { fragments } = message
    if (fragments === undefined) return false
    const first = fragments.nextLost()
    let index = first
    while (this.#writeAgain(now, message, index, packet, sentFrames)) {
      index = fragments.nextLost()
      if (index < 0 || index === first) return true
    }
    return index !== first
  }

  /** Writes a message, or its fragment `index`, that was written before. Never twice to the same packet. Returns whether it did. */
  #writeAgain(
    now: number,
    message: OutgoingMessage,
    index: number,
    packet: PacketWriter,
    sentFrames: SentFrames,
  ): boolean {
    const { lane, fragments } = message
    if (lane === undefined) return false
    if (fragments === undefined) {
      if (message.lastPacketNumber === packet.packetNumber) return false
      if (!packet.messages(lane.delivery, lane.channel, message.sequence, message)) return false
      this.#noteWholeWritten(now, message, packet.packetNumber, sentFrames)
      return true
    }
    if (!this.#writeFragmentFrame(message, message.sequence, index, packet)) return false
    fragments.noteWritten(index)
    if (!fragments.hasLost) message.repeatLink.leave()
    sentFrames.addMessage(message, index)
    return true
  }

  #writeFragmentFrame(message: OutgoingMessage, sequence: number, index: number, packet: PacketWriter): boolean {
    const { lane, fragments } = message
    if (lane === undefined || fragments === undefined) return false
    return packet.fragment(lane.delivery, lane.channel, sequence, message.memory, index, fragments.last, fragments.size)
  }

  #noteWholeWritten(now: number, message: OutgoingMessage, packetNumber: number, sentFrames: SentFrames): void {
    message.lastSentAt = now
    message.timesWritten += 1
    message.inFlight += 1
    message.lastPacketNumber = packetNumber
    sentFrames.addMessage(message, WHOLE)
    if (message.resends > 0) message.resends -= 1
    if (message.resends > 0) return
    if (this.#scheduler.isSmall(message)) this.#copies.noteWritten(message)
    else message.repeatLink.leave()
  }

  #laneOfOldestUnacked(): SendingLane | undefined {
    let oldest: SendingLane | undefined
    let oldestOrder = Infinity
    for (const lane of this.#queue.lanes) {
      const order = lane.unacked.first?.owner.order ?? Infinity
      if (order >= oldestOrder) continue
      oldest = lane
      oldestOrder = order
    }
    return oldest
  }

  /** Writes what a lane has that is not acknowledged, one fragment of each message, until so much room is left in the packet. */
  #probeLane(now: number, lane: SendingLane, packet: PacketWriter, sentFrames: SentFrames, leftBytes: number): void {
    for (let link = lane.unacked.first; link !== undefined; link = link.next) {
      const message = link.owner
      const { fragments } = message
      if (message.isAcked) continue
      const index = fragments === undefined ? WHOLE : fragments.oldestUnacked()
      if (fragments !== undefined && index < 0) continue
      const frameBytes =
        fragments === undefined ? message.frameBytes : FRAGMENT_HEAD_BYTES + fragments.lengthOf(index, message.length)
      if (packet.remaining - frameBytes < leftBytes) return
      if (!this.#writeAgain(now, message, index, packet, sentFrames)) return
    }
  }

  // What became of them

  #noteAcked(message: OutgoingMessage, index: number): void {
    const { fragments, lane } = message
    if (fragments !== undefined) {
      fragments.noteAcked(index)
      if (!fragments.hasLost) message.repeatLink.leave()
      if (!fragments.isWhollyAcked) return
    }
    if (lane?.isOrdered === true) this.#confirmInOrder(lane, message)
    else this.#pool.give(message)
    if (lane !== undefined) this.#scheduler.place(lane)
  }

  /**
   * The other side holds a message of an ordered lane back until it has all that come before. So it is confirmed only when they
   * are: should the connection end first, it was not delivered.
   */
  #confirmInOrder(lane: SendingLane, message: OutgoingMessage): void {
    message.isAcked = true
    // Nothing that the frames sent say of it means anything from here on.
    message.generation += 1
    message.repeatLink.leave()
    let first = lane.unacked.first?.owner
    while (first?.isAcked === true) {
      this.#pool.give(first)
      first = lane.unacked.first?.owner
    }
  }

  #noteWholeLost(message: OutgoingMessage): void {
    message.inFlight = Math.max(0, message.inFlight - 1)
    if (message.inFlight > 0) return
    message.timesWritten = 0
    message.resends = this.resendWrites
    const list = this.#scheduler.isThin(message) ? this.#thinLost : this.#bulkLost
    if (message.repeatLink.list !== list) list.append(message.repeatLink)
  }
}
