import type { Delivery } from '../../lib/session/delivery.ts'
import type { EndCause, SessionEvent } from '../../lib/session/session.ts'
import type { End } from '../support/end.ts'
import { createMessage, isMessage, MIN_MESSAGE_BYTES, readId } from './numbered-message.ts'

/** A message that was accepted by `send`, and what became of it. */
interface SentMessage {
  readonly id: number
  readonly bytes: number
  readonly delivery: Delivery
  readonly channel: number
  readonly sentAtMs: number
  /** `NaN` until it arrives. */
  arrivedAtMs: number
  isHandedBack: boolean
}

/**
 * The messages of one direction: makes each one recognisable, and checks everything that arrives against what was sent.
 *
 * - Nothing arrives that was not sent, or otherwise than it was sent.
 * - Reliable messages arrive once, in order within their channel; unordered ones once.
 * - Sequenced and latest ones arrive at most once, and an older one never after a newer one of its channel.
 * - {@link checkComplete}: every reliable message arrived, and of the latest ones the newest.
 */
export class Ledger {
  readonly name: string
  readonly #sent: SentMessage[] = []
  #arrived = 0
  /** How many that have to arrive neither have nor were given up. */
  #owed = 0
  /** The newest message of each channel of which the newest has to arrive. */
  readonly #newestLatest = new Map<number, SentMessage>()
  /** The newest that arrived, by delivery and channel. */
  readonly #newest: Record<Delivery, number[]> = {
    reliable: [],
    'reliable-unordered': [],
    sequenced: [],
    latest: [],
    unreliable: [],
  }
  #refused = 0

  constructor(name: string) {
    this.name = name
  }

  /** How many messages `send` accepted, and how many arrived. */
  get sentMessages(): number {
    return this.#sent.length
  }

  get arrivedMessages(): number {
    return this.#arrived
  }

  /** How long each message took that has arrived, in the order in which they were sent. */
  get latenciesMs(): { readonly delivery: Delivery; readonly channel: number; readonly latencyMs: number }[] {
    return this.#sent
      .filter(hasArrived)
      .map(({ delivery, channel, sentAtMs, arrivedAtMs }) => ({ delivery, channel, latencyMs: arrivedAtMs - sentAtMs }))
  }

  /** How many messages `send` did not take because the queue was full. */
  get refusedMessages(): number {
    return this.#refused
  }

  /** Sends the next message. Returns whether it was accepted; throws for any other outcome than a full queue. */
  send(now: number, from: End, bytes: number, delivery: Delivery, channel: number): boolean {
    const id = this.#sent.length
    const length = Math.max(bytes, MIN_MESSAGE_BYTES)
    const outcome = from.send(createMessage(id, length), delivery, channel)
    if (outcome === 'queue-full') {
      this.#refused += 1
      return false
    }
    if (outcome !== 'accepted') fail(`${this.name}: message ${id} of ${length} B was not accepted: ${outcome}`)
    const message = { id, bytes: length, delivery, channel, sentAtMs: now, arrivedAtMs: NaN, isHandedBack: false }
    this.#sent.push(message)
    if (mustArrive(delivery)) this.#owed += 1
    if (delivery === 'latest') this.#newestLatest.set(channel, message)
    return true
  }

  /** Checks a message that arrived. */
  arrive(now: number, { message, delivery, channel }: SessionEvent & { readonly type: 'message' }): void {
    const sent = this.#sent[readId(message)]
    if (sent === undefined) return fail(`${this.name}: a message of ${message.length} B arrived that was not sent`)
    if (!isMessage(message, sent.id, sent.bytes)) this.#blame(sent, 'arrived with other bytes')
    if (delivery !== sent.delivery || channel !== sent.channel)
      this.#blame(sent, `arrived as ${delivery} on channel ${channel}`)
    if (hasArrived(sent)) {
      if (delivery !== 'unreliable') this.#blame(sent, 'arrived twice')
      return
    }
    if (mustArrive(delivery) && !isSettled(sent)) this.#owed -= 1
    this.#arrived += 1
    sent.arrivedAtMs = now
    if (delivery === 'unreliable' || delivery === 'reliable-unordered') return
    const newest = this.#newest[delivery]
    if (sent.id < (newest[channel] ?? -1)) this.#blame(sent, `arrived after message ${newest[channel]}`)
    newest[channel] = sent.id
  }

  /** Takes note of messages that the sender was told about: they may have arrived or not. */
  giveUp({ messages }: SessionEvent & { readonly type: 'undelivered' }): void {
    for (const { message, delivery, channel } of messages) {
      const sent = this.#sent[readId(message)]
      if (
        sent === undefined ||
        !isMessage(message, sent.id, sent.bytes) ||
        sent.delivery !== delivery ||
        sent.channel !== channel
      ) {
        return fail(`${this.name}: a message of ${message.length} B is said to be undelivered that was not sent`)
      }
      if (sent.isHandedBack) this.#blame(sent, 'is said to be undelivered twice')
      if (mustArrive(delivery) && !isSettled(sent)) this.#owed -= 1
      sent.isHandedBack = true
    }
  }

  /** Whether everything arrived that has to, or its sender was told. */
  isComplete(): boolean {
    return this.#owed === 0 && [...this.#newestLatest.values()].every(isSettled)
  }

  /** Throws when something that has to arrive is missing. */
  checkComplete(): void {
    if (this.isComplete()) return
    const missing = this.#sent.find((sent) => {
      return !isSettled(sent) && (mustArrive(sent.delivery) || this.#newestLatest.get(sent.channel) === sent)
    })
    if (missing === undefined) return fail(`${this.name}: ${this.#owed} messages are owed, and all have arrived`)
    this.#blame(missing, `never arrived (${this.#arrived} of ${this.#sent.length} did)`)
  }

  #blame({ delivery, id, bytes, channel, sentAtMs }: SentMessage, what: string): never {
    const at = `sent at ${sentAtMs.toFixed(3)} ms,`
    fail(`${this.name}: ${delivery} message ${id} of ${bytes} B on channel ${channel}, ${at} ${what}`)
  }
}

function mustArrive(delivery: Delivery): boolean {
  return delivery === 'reliable' || delivery === 'reliable-unordered'
}

function hasArrived({ arrivedAtMs }: SentMessage): boolean {
  return !Number.isNaN(arrivedAtMs)
}

/** Whether it arrived, or its sender was told that it may not have. */
function isSettled(sent: SentMessage): boolean {
  return sent.isHandedBack || hasArrived(sent)
}

/** How a connection ended at one end. */
export interface Ending {
  readonly cause: EndCause
  readonly code: number
  readonly reason: string
}

/** Throws unless both ends agree on what ended the connection. `mayTimeOut`: the link may have lost every word of it. */
export function checkAgreement(a: Ending | undefined, b: Ending | undefined, mayTimeOut = false): void {
  const describe = (ending: Ending | undefined) =>
    ending === undefined ? 'has not ended' : `${ending.cause}, code ${ending.code} '${ending.reason}'`
  const disagree = (): never => fail(`the ends do not agree on the end: ${describe(a)} here, ${describe(b)} there`)
  if (a === undefined || b === undefined) return disagree()
  if (mayTimeOut && (a.cause === 'timeout' || b.cause === 'timeout')) return
  const isHere = a.cause === 'closed-here'
  const isThere = b.cause === 'closed-here'
  if (a.cause === 'timeout' || b.cause === 'timeout' || (!isHere && !isThere)) return disagree()
  if (isHere !== isThere && (a.code !== b.code || a.reason !== b.reason)) disagree()
}

/** Throws unless each connection that stood at one end has ended once before the next one stood. */
export function checkLives(name: string, events: readonly SessionEvent[]): void {
  const lives = events.filter(({ type }) => type === 'connected' || type === 'ended').map(({ type }) => type)
  const isBroken = lives.some((type, i) => type !== (i % 2 === 0 ? 'connected' : 'ended'))
  if (isBroken) fail(`${name} was told: ${lives.join(', ')}`)
}

/** Throws when more waits at an end than its settings allow. */
export function checkQueues(endpoint: End, limits: { maxQueuedMessages: number; maxQueuedBytes: number }): void {
  const { queuedMessages, queuedBytes } = endpoint.session.stats
  if (queuedMessages < 0 || queuedBytes < 0)
    fail(`${endpoint.name} counts ${queuedMessages} messages, ${queuedBytes} bytes`)
  if (queuedMessages > limits.maxQueuedMessages) {
    fail(`${endpoint.name} has ${queuedMessages} messages queued, more than ${limits.maxQueuedMessages}`)
  }
  if (queuedBytes > limits.maxQueuedBytes) {
    fail(`${endpoint.name} has ${queuedBytes} bytes queued, more than ${limits.maxQueuedBytes}`)
  }
}

/** Throws what is wrong. */
export function fail(message: string): never {
  throw new Error(message)
}
