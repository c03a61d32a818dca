import type { Address } from '../core/address.ts'
import { DatagramHeap } from './datagram-heap.ts'
import type { Datagram } from './datagram-heap.ts'
import { resolveLink } from './link-options.ts'
import type { LinkOptions, LinkSettings } from './link-options.ts'
import type { Random } from './random.ts'
import { Slab } from './slab.ts'
import { TransmitQueue } from './transmit-queue.ts'

/** What became of a datagram that was offered to a link. */
export type Fate =
  | 'sent'
  | 'corrupted'
  | 'truncated'
  | 'lost'
  | 'lost-in-burst'
  | 'queue-full'
  | 'partitioned'
  | 'too-large'
  | 'filtered'
  | 'overloaded'

/** What a link counts: datagrams, and bytes of payload. */
export interface LinkStats {
  offeredPackets: number
  offeredBytes: number
  deliveredPackets: number
  deliveredBytes: number
  /** Extra copies that the link made. */
  duplicatedPackets: number
  /** Datagrams that were held up so that others overtake them. */
  reorderedPackets: number
  corruptedPackets: number
  truncatedPackets: number
  /** Independent losses. */
  droppedByLoss: number
  droppedByBurst: number
  droppedByQueue: number
  droppedByPartition: number
  droppedByMtu: number
  droppedByFilter: number
  /** Datagrams beyond `maxInFlightPackets`. */
  droppedByOverload: number
  /** The most that ever waited for the rate at once. */
  maxQueuePackets: number
  maxQueueBytes: number
}

/** How many bits of a corrupted datagram are flipped at most. */
const MAX_FLIPPED_BITS = 4

/**
 * One direction of a network path, on a clock that its owner tells it: virtual in a simulation, real in a relay.
 *
 * Each impairment draws from its own fork of the random source: turning one on leaves the others' dice as they fall.
 * Drain order: `send` for what is offered; `pollDelivery(now)` until it has nothing; again at `nextDeadline`.
 */
export class Link {
  readonly stats: LinkStats = createLinkStats()
  readonly #lossDice: Random
  readonly #burstDice: Random
  readonly #jitterDice: Random
  readonly #reorderDice: Random
  readonly #duplicateDice: Random
  readonly #damageDice: Random
  readonly #flying = new DatagramHeap()
  readonly #queue = new TransmitQueue()
  readonly #slab: Slab
  #settings: LinkSettings
  #isBad = false
  #lastArrival = -Infinity

  /**
   * `slab` is where the copies of datagrams are kept; links may share one. Throws a RangeError for an option that is out
   * of its range.
   */
  constructor(random: Random, options: LinkOptions = {}, slab: Slab = new Slab()) {
    this.#slab = slab
    this.#settings = resolveLink(options)
    this.#lossDice = random.fork('loss')
    this.#burstDice = random.fork('burst')
    this.#jitterDice = random.fork('jitter')
    this.#reorderDice = random.fork('reorder')
    this.#duplicateDice = random.fork('duplicate')
    this.#damageDice = random.fork('damage')
  }

  /** What the link does at present, every option of it. */
  get settings(): LinkSettings {
    return this.#settings
  }

  /** When the next datagram arrives; `Infinity` when none is under way. */
  get nextDeadline(): number {
    return this.#flying.nextTime
  }

  /** How many datagrams are under way, those that wait for the rate included. */
  get inFlightPackets(): number {
    return this.#flying.size
  }

  /**
   * Changes some options for what is sent from now on; what is under way arrives as it would have.
   * Throws a RangeError for an option that is out of its range, and changes nothing then.
   */
  configure(changes: LinkOptions): void {
    this.#settings = resolveLink(changes, this.#settings)
  }

  /** Offers a datagram to the link, which copies the bytes. Returns what becomes of it. */
  send(now: number, bytes: Uint8Array, source: Address, destination: Address): Fate {
    const settings = this.#settings
    this.stats.offeredPackets += 1
    this.stats.offeredBytes += bytes.length
    const obstacle = this.#findObstacle(now, bytes)
    if (obstacle !== undefined) return obstacle
    const departure = this.#queue.send(now, bytes.length, settings)
    if (departure < 0) {
      this.stats.droppedByQueue += 1
      return 'queue-full'
    }
    this.stats.maxQueuePackets = Math.max(this.stats.maxQueuePackets, this.#queue.packets)
    this.stats.maxQueueBytes = Math.max(this.stats.maxQueueBytes, this.#queue.bytes)
    const loss = this.#findLoss()
    if (loss !== undefined) return loss
    const arrival = this.#arrival(departure)
    if (this.#duplicateDice.chance(settings.duplicate)) {
      this.stats.duplicatedPackets += 1
      this.#flying.push(this.#arrival(departure), this.#slab.copy(bytes), source, destination)
    }
    return this.#launch(arrival, this.#slab.copy(bytes), source, destination)
  }

  /** The next datagram that has arrived by `now`, or `undefined`. Its bytes are the receiver's to keep. */
  pollDelivery(now: number): Datagram | undefined {
    if (this.#flying.nextTime > now) return undefined
    const datagram = this.#flying.pop()
    if (datagram === undefined) return undefined
    this.stats.deliveredPackets += 1
    this.stats.deliveredBytes += datagram.bytes.length
    return datagram
  }

  /** What keeps a datagram from ever getting onto the link. */
  #findObstacle(now: number, bytes: Uint8Array): Fate | undefined {
    const { filter, mtuBytes, partitions, maxInFlightPackets } = this.#settings
    if (filter !== undefined && !filter(bytes, now)) {
      this.stats.droppedByFilter += 1
      return 'filtered'
    }
    if (bytes.length > mtuBytes) {
      this.stats.droppedByMtu += 1
      return 'too-large'
    }
    for (const { fromMs, untilMs } of partitions) {
      if (now < fromMs || now >= untilMs) continue
      this.stats.droppedByPartition += 1
      return 'partitioned'
    }
    if (this.#flying.size >= maxInFlightPackets) {
      this.stats.droppedByOverload += 1
      return 'overloaded'
    }
    return undefined
  }

  /** Whether chance takes a datagram that is on its way. Both dice are thrown for each, so that neither shifts the other. */
  #findLoss(): Fate | undefined {
    const { loss, burst } = this.#settings
    const isLost = this.#lossDice.chance(loss)
    const isLostInBurst = burst !== undefined && this.#isLostInBurst(burst.enterRate, burst.leaveRate, burst.loss ?? 1)
    if (isLost) {
      this.stats.droppedByLoss += 1
      return 'lost'
    }
    if (isLostInBurst) {
      this.stats.droppedByBurst += 1
      return 'lost-in-burst'
    }
    return undefined
  }

  #isLostInBurst(enterRate: number, leaveRate: number, loss: number): boolean {
    if (this.#burstDice.chance(this.#isBad ? leaveRate : enterRate)) this.#isBad = !this.#isBad
    return this.#isBad && this.#burstDice.chance(loss)
  }

  #arrival(departure: number): number {
    const { delayMs, jitterMs, keepOrder, reorder, reorderDelayMs, pauses } = this.#settings
    let arrival = departure + delayMs
    if (jitterMs > 0) arrival += this.#jitterDice.between(0, jitterMs)
    if (keepOrder) arrival = this.#lastArrival = Math.max(arrival, this.#lastArrival)
    if (this.#reorderDice.chance(reorder)) {
      this.stats.reorderedPackets += 1
      arrival += reorderDelayMs
    }
    for (const { fromMs, untilMs } of pauses) if (arrival >= fromMs && arrival < untilMs) arrival = untilMs
    return arrival
  }

  /** Sends a copy of a datagram on its way, damaged where the dice say so. */
  #launch(arrival: number, bytes: Uint8Array, source: Address, destination: Address): Fate {
    const { corrupt, truncate } = this.#settings
    const dice = this.#damageDice
    if (bytes.length > 0 && dice.chance(truncate)) {
      this.stats.truncatedPackets += 1
      this.#flying.push(arrival, bytes.subarray(0, dice.integer(0, bytes.length - 1)), source, destination)
      return 'truncated'
    }
    this.#flying.push(arrival, bytes, source, destination)
    if (bytes.length === 0 || !dice.chance(corrupt)) return 'sent'
    this.stats.corruptedPackets += 1
    // A bit that is flipped twice would be whole again: the first one is kept out of the others' reach.
    const first = dice.integer(0, bytes.length * 8 - 1)
    flipBit(bytes, first)
    for (let flips = dice.integer(0, MAX_FLIPPED_BITS - 1); flips > 0; flips -= 1) {
      const other = dice.integer(0, bytes.length * 8 - 1)
      if (other !== first) flipBit(bytes, other)
    }
    return 'corrupted'
  }
}

/** Stats of a link that has seen nothing. */
export function createLinkStats(): LinkStats {
  return {
    offeredPackets: 0,
    offeredBytes: 0,
    deliveredPackets: 0,
    deliveredBytes: 0,
    duplicatedPackets: 0,
    reorderedPackets: 0,
    corruptedPackets: 0,
    truncatedPackets: 0,
    droppedByLoss: 0,
    droppedByBurst: 0,
    droppedByQueue: 0,
    droppedByPartition: 0,
    droppedByMtu: 0,
    droppedByFilter: 0,
    droppedByOverload: 0,
    maxQueuePackets: 0,
    maxQueueBytes: 0,
  }
}

function flipBit(bytes: Uint8Array, bit: number): void {
  const place = bit >> 3
  bytes[place] = (bytes[place] ?? 0) ^ (1 << (bit & 7))
}
