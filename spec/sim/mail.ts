import type { Delivery } from '../../lib/session/delivery.ts'
import type { SessionEvent } from '../../lib/session/session.ts'
import type { End } from '../support/end.ts'
import { fail } from './checks.ts'
import { createMessage, isMessage, MIN_MESSAGE_BYTES, readId } from './numbered-message.ts'

interface Letter {
  readonly id: number
  readonly bytes: number
  readonly delivery: Delivery
  readonly channel: number
  readonly from: End
  readonly sentAtMs: number
  hasArrived: boolean
  isHandedBack: boolean
}

/** Numbers letters, so that no two of a simulation are alike. */
export interface LetterNumbers {
  next: number
}

/**
 * All that one client and the server say to each other, over however many connections, and through however many sessions of the
 * server.
 *
 * - Nothing arrives that was not sent, or otherwise than it was sent, or at somebody else.
 * - Only unreliable messages arrive twice, over all connections.
 * - Between one session and the other, reliable messages arrive in order within their channel, and of sequenced and latest ones an
 *   older one never after a newer one.
 * - {@link checkSettled}: every reliable message arrived or was handed back, and so did the newest of the latest ones; whoever was
 *   killed, and cannot hand anything back, owes nothing.
 */
export class Mail {
  readonly #name: string
  readonly #numbers: LetterNumbers
  readonly #letters = new Map<number, Letter>()
  /** Those that have to arrive, and have neither arrived nor been handed back. */
  readonly #owed = new Set<Letter>()
  /** The newest of the latest ones, by sender and channel. */
  readonly #newestLatest = new Map<End, Map<number, Letter>>()
  /** The newest that arrived, by receiver, then sender, then delivery and channel. */
  readonly #lanes = new Map<End, Map<End, Map<string, number>>>()

  constructor(name: string, numbers: LetterNumbers) {
    this.#name = name
    this.#numbers = numbers
  }

  get isSettled(): boolean {
    return this.#owed.size === 0
  }

  /** Sends a letter. Returns whether it was accepted; throws for any other outcome than a full queue. */
  send(now: number, from: End, size: number, delivery: Delivery, channel: number): boolean {
    const id = this.#numbers.next
    const bytes = Math.max(size, MIN_MESSAGE_BYTES)
    const outcome = from.send(createMessage(id, bytes), delivery, channel)
    if (outcome === 'queue-full') return false
    if (outcome !== 'accepted') fail(`${this.#name}: letter ${id} of ${bytes} B was not accepted: ${outcome}`)
    this.#numbers.next += 1
    const letter = { id, bytes, delivery, channel, from, sentAtMs: now, hasArrived: false, isHandedBack: false }
    this.#letters.set(id, letter)
    if (delivery === 'latest') this.#replaceLatest(letter)
    if (delivery !== 'sequenced' && delivery !== 'unreliable') this.#owed.add(letter)
    return true
  }

  /** Checks a letter that arrived at an end. */
  arrive(at: End, event: SessionEvent & { readonly type: 'message' }): void {
    const { message, delivery, channel } = event
    const letter = this.#letters.get(readId(message))
    if (letter === undefined) return fail(`${this.#name}: ${message.length} B arrived at ${at.name} that were not sent`)
    const what = `${this.#name}: ${describe(letter)}`
    if (letter.from === at) fail(`${what} came back`)
    if (!isMessage(message, letter.id, letter.bytes)) fail(`${what} arrived with other bytes`)
    if (delivery !== letter.delivery || channel !== letter.channel)
      fail(`${what} arrived as ${delivery} on channel ${channel}`)
    if (letter.hasArrived && delivery !== 'unreliable') fail(`${what} arrived twice, now at ${at.name}`)
    letter.hasArrived = true
    this.#owed.delete(letter)
    if (delivery !== 'unreliable' && delivery !== 'reliable-unordered') this.#checkOrder(at, letter, what)
  }

  /** Takes note of letters that their sender was handed back: they may have arrived or not. */
  handBack(from: End, { messages }: SessionEvent & { readonly type: 'undelivered' }): void {
    for (const { message, delivery, channel } of messages) {
      const letter = this.#letters.get(readId(message))
      if (letter === undefined || !isMessage(message, letter.id, letter.bytes) || letter.from !== from)
        return fail(`${this.#name}: ${message.length} B were handed back to ${from.name} that it did not send`)
      if (letter.delivery !== delivery || letter.channel !== channel)
        fail(`${this.#name}: ${describe(letter)} was handed back as ${delivery} on channel ${channel}`)
      if (letter.isHandedBack) fail(`${this.#name}: ${describe(letter)} was handed back twice`)
      letter.isHandedBack = true
      this.#owed.delete(letter)
    }
  }

  /** A sender was killed: nobody can hand its letters back any more. */
  excuse(from: End): void {
    for (const letter of this.#owed) if (letter.from === from) this.#owed.delete(letter)
  }

  /** Throws when something that has to arrive did not, and was not handed back. */
  checkSettled(): void {
    const [letter] = this.#owed
    if (letter !== undefined) fail(`${this.#name}: ${describe(letter)} neither arrived nor was handed back`)
  }

  #replaceLatest(letter: Letter): void {
    const newest = this.#newestLatest.get(letter.from) ?? new Map<number, Letter>()
    this.#newestLatest.set(letter.from, newest)
    const before = newest.get(letter.channel)
    if (before !== undefined) this.#owed.delete(before)
    newest.set(letter.channel, letter)
  }

  #checkOrder(at: End, letter: Letter, what: string): void {
    const fromAll = this.#lanes.get(at) ?? new Map<End, Map<string, number>>()
    this.#lanes.set(at, fromAll)
    const lanes = fromAll.get(letter.from) ?? new Map<string, number>()
    fromAll.set(letter.from, lanes)
    const lane = `${letter.delivery} ${letter.channel}`
    const newest = lanes.get(lane) ?? -1
    if (letter.id < newest) fail(`${what} arrived at ${at.name} after letter ${newest}`)
    lanes.set(lane, letter.id)
  }
}

function describe({ id, bytes, delivery, channel, from, sentAtMs }: Letter): string {
  return `${delivery} letter ${id} of ${bytes} B on channel ${channel}, sent by ${from.name} at ${sentAtMs.toFixed(3)} ms,`
}
