import type { Delivery } from '../../session/delivery.ts'
import type { SendOutcome } from '../../session/session.ts'
import { createStats } from '../../session/stats.ts'
import { DeliveryCode, type Frame, FrameType, MIN_FRAGMENT_BYTES } from '../wire/frame.ts'
import type { PacketWriter } from '../wire/packet.ts'
import { varintBytes } from '../../core/writer.ts'
import { type ChannelsStats, createChannelsStats } from './channels-stats.ts'
import type { CopyPolicy } from './copies.ts'
import { SendCredit } from './credit.ts'
import { type FrameVerdict, DeliveryQueue, type LaneReceiver, type MessageEvent } from './delivery-queue.ts'
import { LatestReceiver } from './latest.ts'
import { CONNECTION, SentFrames } from './sent-frames.ts'
import { MessageSender } from './message-sender.ts'
import { MessagePool } from './outgoing-message.ts'
import { ReliableReceiver } from './reliable.ts'
import { ReliableUnorderedReceiver } from './reliable-unordered.ts'
import { SendQueue, type SendCounts, type UnconfirmedMessage } from './send-queue.ts'
import { SequencedReceiver } from './sequenced.ts'
import { LaneScheduler } from './lane-scheduler.ts'
import { UnreliableReceiver } from './unreliable.ts'

/** What {@link Channels} needs to know. */
export interface ChannelsSettings {
  /** How much may wait to be written for the first time. */
  readonly maxQueuedMessages: number
  readonly maxQueuedBytes: number
  /** The largest message. Both sides must go by the same: their credit follows from it. */
  readonly maxMessageBytes: number
  /** How much room a packet has for frames when it bears no ack. */
  readonly maxFrameBytes: number
  /** Messages up to this size go before bulk, and are written again before their loss is known; 256 by default. */
  readonly smallMessageBytes?: number
  /** The sequence of the first message of each channel and delivery, the same at both ends. Default 0. */
  readonly firstSequence?: number | undefined
  /** How long sequenced and unreliable messages may wait to be written; 250 by default. */
  readonly staleAfterMs?: number
}

const DEFAULT_SMALL_MESSAGE_BYTES = 256
/** One for all connections: what one of them needs for a moment, another one needs the next. */
const pool = new MessagePool()

/** How long sequenced and unreliable messages may wait to be sent. */
export const DEFAULT_STALE_AFTER_MS = 250

/**
 * The messages of one connection, on all of its channels: which of them go into a packet, which of them were received.
 *
 * It knows neither packets in flight nor the time at which one is due; who does asks for frames when a packet leaves, keeps its
 * {@link SentFrames}, and says what became of it. Received frames go to {@link handleFrame}; messages come from {@link pollMessage}.
 */
export class Channels {
  readonly #stats = createChannelsStats()
  readonly #sendCredit: SendCredit
  readonly #scheduler: LaneScheduler
  readonly #queue: SendQueue
  readonly #sender: MessageSender
  readonly #deliveryQueue: DeliveryQueue
  /** By channel, then delivery; made when something first arrives. */
  readonly #channels: (LaneReceiver | undefined)[][] = []
  readonly #receivers: LaneReceiver[] = []
  readonly #firstSequence: number
  #isListening = true

  /** What leaves is counted in `sendCounts`. Throws a RangeError when packets have no room for a fragment. */
  constructor(settings: ChannelsSettings, sendCounts: SendCounts = createStats()) {
    const { maxMessageBytes, maxFrameBytes } = settings
    const smallMessageBytes = settings.smallMessageBytes ?? DEFAULT_SMALL_MESSAGE_BYTES
    this.#firstSequence = settings.firstSequence ?? 0
    const limits = {
      firstSequence: this.#firstSequence,
      maxQueuedMessages: settings.maxQueuedMessages,
      maxQueuedBytes: settings.maxQueuedBytes,
      maxMessageBytes,
      fragmentBytes: fragmentBytesOf(maxFrameBytes),
      smallMessageBytes,
      maxRunBytes: maxFrameBytes / 2,
      staleAfterMs: settings.staleAfterMs ?? DEFAULT_STALE_AFTER_MS,
    }
    this.#sendCredit = new SendCredit(maxMessageBytes)
    this.#scheduler = new LaneScheduler(this.#sendCredit, smallMessageBytes)
    this.#queue = new SendQueue(limits, this.#scheduler, pool, this.#stats, sendCounts)
    this.#sender = new MessageSender(this.#queue, this.#scheduler, this.#sendCredit, pool)
    this.#deliveryQueue = new DeliveryQueue(maxMessageBytes, this.#stats)
  }

  get stats(): Readonly<ChannelsStats> {
    return this.#stats
  }

  /** Messages that wait to be written for the first time, and their bytes; of a fragmented one those not written yet. */
  get queuedMessages(): number {
    return this.#queue.queuedMessages
  }

  get queuedBytes(): number {
    return this.#queue.queuedBytes
  }

  /** What is held of messages that arrived and are incomplete, or wait to be handed over; see `costOf`. */
  get heldBytes(): number {
    return this.#deliveryQueue.heldBytes
  }

  /** Reliable messages, of either kind, that are incomplete. */
  get incompleteReliable(): number {
    return this.#deliveryQueue.incompleteReliable
  }

  /** How many messages became complete since this was asked last. */
  takeArrivedMessages(): number {
    return this.#deliveryQueue.takeArrivedMessages()
  }

  /** Whether nothing waits to be written and nothing that was waits to be acknowledged. */
  get isDrained(): boolean {
    return this.#queue.queuedMessages === 0 && this.#queue.lanes.every(({ unacked }) => unacked.size === 0)
  }

  /** How often a lost message or fragment is written again, each time in another packet; 1 at first. */
  get resendWrites(): number {
    return this.#sender.resendWrites
  }

  set resendWrites(writes: number) {
    this.#sender.resendWrites = writes
  }

  /** Which channels go first: those of priority 0, then 1 (where a channel is at first), 2 and 3. Throws a RangeError for others. */
  setPriority(channel: number, priority: number): void {
    this.#queue.setPriority(channel, priority)
  }

  /**
   * Takes a message to send, of which it makes a copy. Throws a RangeError for a channel that does not exist.
   *
   * A message that is larger than the queue's limit of bytes is accepted by an empty queue.
   */
  send(now: number, message: Uint8Array, delivery: Delivery, channel: number): SendOutcome {
    return this.#queue.send(now, message, delivery, channel)
  }

  /** Whether there is something to write that goes before bulk: small messages, unreliable ones, credit. */
  hasThin(now: number): boolean {
    return this.#deliveryQueue.credit.hasDue || this.#sender.hasThin(now)
  }

  /** Whether there are fragments or large messages to write. */
  hasBulk(now: number): boolean {
    return this.#sender.hasBulk(now)
  }

  /** Writes what is lost and what is new, as much as fits: what is thin first, then, if it is allowed, bulk. */
  writeNew(now: number, packet: PacketWriter, sentFrames: SentFrames, allowBulk: boolean): void {
    this.#writeCredit(packet, sentFrames)
    this.#sender.writeNew(now, packet, sentFrames, allowBulk)
  }

  /**
   * Writes small messages again that are in flight and due for it, oldest first, within a budget. Returns how many bytes that took.
   */
  writeCopies(
    now: number,
    packet: PacketWriter,
    sentFrames: SentFrames,
    budgetBytes: number,
    policy: Readonly<CopyPolicy>,
  ): number {
    return this.#sender.writeCopies(now, packet, sentFrames, budgetBytes, policy)
  }

  /** The earliest time at which {@link writeCopies} has something to write; `Infinity` for never. */
  nextCopyAt(policy: Readonly<CopyPolicy>): number {
    return this.#sender.nextCopyAt(policy)
  }

  /**
   * Writes what is not acknowledged again, whatever is known of it, the oldest message first, within a budget. Returns how many
   * bytes that took.
   */
  writeProbe(now: number, packet: PacketWriter, sentFrames: SentFrames, budgetBytes: number): number {
    return this.#sender.writeProbe(now, packet, sentFrames, budgetBytes)
  }

  /** A record of what a packet carries, which is to be filled in with each. */
  createSentFrames(): SentFrames {
    return new SentFrames()
  }

  /**
   * A packet was acknowledged, perhaps after it was taken for lost. What its {@link SentFrames} name is confirmed, and they are empty
   * afterwards.
   */
  onPacketAcked(sentFrames: SentFrames): void {
    this.#sender.handleAcked(sentFrames)
    sentFrames.clear()
  }

  /** A packet was lost. What of it is in no other packet in flight is written again. Its sentFrames stays, for an ack may still come. */
  onPacketLost(sentFrames: SentFrames): void {
    if (sentFrames.isLost) return
    sentFrames.isLost = true
    this.#sender.handleLost(sentFrames)
    for (let at = 0; at < sentFrames.windowCount; at += 1) this.#deliveryQueue.credit.noteLost(sentFrames.windowAt(at))
  }

  /** What was accepted and is not confirmed, in the order in which it was sent; not what waited too long. */
  undelivered(now: number): UnconfirmedMessage[] {
    this.#queue.dropAllStale(now)
    return this.#queue.unconfirmed()
  }

  /** Whether messages are taken that arrive. */
  get isListening(): boolean {
    return this.#isListening
  }

  /** Refuses every message from now on, so that none is acknowledged that is not handed over. */
  stopListening(): void {
    this.#isListening = false
  }

  /** Takes a frame of a packet with this whole number. Its payload may be kept. */
  handleFrame(now: number, packetNumber: number, frame: Frame): FrameVerdict {
    switch (frame.type) {
      case FrameType.data:
        if (!this.#isListening) return this.#deliveryQueue.refuse()
        return this.#receiverOf(frame).receive(now, packetNumber, frame)
      case FrameType.window:
        if (this.#sendCredit.raise(frame.limit)) this.#scheduler.noteCredit()
        return 'accepted'
      case FrameType.channelWindow:
        if (this.#sendCredit.raiseChannel(frame.channel, frame.limit)) this.#scheduler.noteCredit()
        return 'accepted'
      default:
        return 'unhandled'
    }
  }

  /** The next message that arrived, or `undefined`. What is handed over here is what makes room for more. */
  pollMessage(): MessageEvent | undefined {
    return this.#deliveryQueue.poll()
  }

  /** Drops what has become too old, of what waits to be written and of what is incomplete. */
  handleTimeout(now: number): void {
    this.#queue.dropAllStale(now)
    for (const receiver of this.#receivers) receiver.expire(now)
  }

  #writeCredit(packet: PacketWriter, sentFrames: SentFrames): void {
    const { credit } = this.#deliveryQueue
    while (credit.hasDue) {
      const { nextDue, nextLimit } = credit
      const isWritten = nextDue === CONNECTION ? packet.window(nextLimit) : packet.channelWindow(nextDue, nextLimit)
      if (!isWritten) return
      credit.grantNext()
      sentFrames.addWindow(nextDue)
    }
  }

  #receiverOf({ channel, delivery }: Frame): LaneReceiver {
    const receivers = (this.#channels[channel] ??= [])
    let receiver = receivers[delivery]
    if (receiver === undefined) {
      receiver = createReceiver(channel, delivery, this.#deliveryQueue, this.#firstSequence)
      receivers[delivery] = receiver
      this.#receivers.push(receiver)
    }
    return receiver
  }
}

function createReceiver(
  channel: number,
  delivery: number,
  deliveryQueue: DeliveryQueue,
  firstSequence: number,
): LaneReceiver {
  switch (delivery) {
    case DeliveryCode.reliable:
      return new ReliableReceiver(channel, deliveryQueue, firstSequence)
    case DeliveryCode.reliableUnordered:
      return new ReliableUnorderedReceiver(channel, deliveryQueue, firstSequence)
    case DeliveryCode.sequenced:
      return new SequencedReceiver(channel, deliveryQueue)
    case DeliveryCode.latest:
      return new LatestReceiver(channel, deliveryQueue, firstSequence)
    default:
      return new UnreliableReceiver(channel, deliveryQueue)
  }
}

/** How long an ack section is at most as long as it needs no ranges. */
const ACK_BYTES = 7

/** The size of fragments with which one fits in a packet, beside an ack, whatever the numbers in its head are. */
function fragmentBytesOf(maxFrameBytes: number): number {
  const headBytes = 4 + 2 * 4 + 2 * varintBytes(maxFrameBytes)
  const fragmentBytes = maxFrameBytes - ACK_BYTES - headBytes
  if (fragmentBytes < MIN_FRAGMENT_BYTES) throw new RangeError(`No fragment fits in ${maxFrameBytes} bytes`)
  return fragmentBytes
}
