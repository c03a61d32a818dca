import { CONNECTION } from './sent-frames.ts'

/** What a channel's window has beyond the largest message. */
const CHANNEL_SLACK_BYTES = 512 * 1024

/** What the connection's window has beyond the largest message. */
const CONNECTION_SLACK_BYTES = 1024 * 1024

/**
 * New credit is granted when it comes to half of the slack. A message that has begun can then always be written to its end, because
 * what is not granted anew yet is less than the slack.
 */
const GRANT_SHARE_OF_SLACK = 0.5

/** How much a receiver holds of the deliveries that cost no credit. */
export function uncreditedLimitBytes(maxMessageBytes: number): number {
  return maxMessageBytes + CONNECTION_SLACK_BYTES
}

/** The credit that a sender was granted, and what it spent of it. */
export class SendCredit {
  readonly #initialChannelLimit: number
  #spent = 0
  #limit: number
  readonly #channelSpent: number[] = []
  readonly #channelLimits: number[] = []

  constructor(maxMessageBytes: number) {
    this.#initialChannelLimit = maxMessageBytes + CHANNEL_SLACK_BYTES
    this.#limit = maxMessageBytes + CONNECTION_SLACK_BYTES
  }

  /** Whether something that costs so much may be written on a channel. */
  allows(channel: number, cost: number): boolean {
    return this.#spent + cost <= this.#limit && this.#channelSpentOf(channel) + cost <= this.#channelLimitOf(channel)
  }

  spend(channel: number, cost: number): void {
    this.#spent += cost
    this.#channelSpent[channel] = this.#channelSpentOf(channel) + cost
  }

  /** A new limit of the connection. Returns whether it is more than before. */
  raise(limit: number): boolean {
    if (limit <= this.#limit) return false
    this.#limit = limit
    return true
  }

  /** A new limit of a channel. Returns whether it is more than before. */
  raiseChannel(channel: number, limit: number): boolean {
    if (limit <= this.#channelLimitOf(channel)) return false
    this.#channelLimits[channel] = limit
    return true
  }

  #channelSpentOf(channel: number): number {
    return this.#channelSpent[channel] ?? 0
  }

  #channelLimitOf(channel: number): number {
    return this.#channelLimits[channel] ?? this.#initialChannelLimit
  }
}

/** One sum that only grows, and the limit that was granted for it. */
class Allowance {
  readonly #windowBytes: number
  readonly #stepBytes: number
  #received = 0
  #consumed = 0
  #granted: number
  /** Whether a new limit waits to be written. */
  isDue = false

  constructor(maxMessageBytes: number, slackBytes: number) {
    this.#windowBytes = maxMessageBytes + slackBytes
    this.#stepBytes = slackBytes * GRANT_SHARE_OF_SLACK
    this.#granted = this.#windowBytes
  }

  has(cost: number): boolean {
    return this.#received + cost <= this.#granted
  }

  receive(cost: number): void {
    this.#received += cost
  }

  /** What was received and is not handed over. */
  get held(): number {
    return this.#received - this.#consumed
  }

  /** So much was handed over. Returns whether a new limit is now due that was not before. */
  consume(cost: number): boolean {
    this.#consumed += cost
    if (this.isDue || this.limit - this.#granted < this.#stepBytes) return false
    this.isDue = true
    return true
  }

  /** The limit that would be written at this moment. */
  get limit(): number {
    return this.#consumed + this.#windowBytes
  }

  /** The {@link limit} of this moment was written: from now on it holds. */
  grant(): void {
    this.isDue = false
    this.#granted = this.limit
  }
}

/** The credit that a receiver granted, and how much of it was used. */
export class ReceiveCredit {
  readonly #maxMessageBytes: number
  readonly #connection: Allowance
  readonly #channels: (Allowance | undefined)[] = []
  /** Of which channels, or {@link CONNECTION}, a new limit is due, oldest first. */
  readonly #due: number[] = []

  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes
    this.#connection = new Allowance(maxMessageBytes, CONNECTION_SLACK_BYTES)
  }

  /** Takes what something costs that arrived for the first time. Returns `false`, taking nothing, when it is beyond a limit. */
  claim(channel: number, cost: number): boolean {
    const allowance = this.#of(channel)
    if (!this.#connection.has(cost) || !allowance.has(cost)) return false
    this.#connection.receive(cost)
    allowance.receive(cost)
    return true
  }

  /** What was claimed was handed over, so that as much may follow. */
  consume(channel: number, cost: number): void {
    if (this.#connection.consume(cost)) this.#due.push(CONNECTION)
    if (this.#of(channel).consume(cost)) this.#due.push(channel)
  }

  /** The cost of what was claimed and is not handed over. */
  get heldBytes(): number {
    return this.#connection.held
  }

  get hasDue(): boolean {
    return this.#due.length > 0
  }

  /** The channel, or {@link CONNECTION}, of which a new limit is due. Only when one {@link hasDue}. */
  get nextDue(): number {
    return this.#due[0] ?? CONNECTION
  }

  /** The limit that is due for {@link nextDue}. */
  get nextLimit(): number {
    return this.#of(this.nextDue).limit
  }

  /** The limit that was due was written. */
  grantNext(): void {
    this.#of(this.#due.shift() ?? CONNECTION).grant()
  }

  /** A packet with a new limit was lost: it is due again. */
  noteLost(channel: number): void {
    const allowance = this.#of(channel)
    if (allowance.isDue) return
    allowance.isDue = true
    this.#due.push(channel)
  }

  #of(channel: number): Allowance {
    if (channel === CONNECTION) return this.#connection
    return (this.#channels[channel] ??= new Allowance(this.#maxMessageBytes, CHANNEL_SLACK_BYTES))
  }
}
