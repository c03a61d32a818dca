import type { Ticket } from '../../security/connect-token.ts'
import { formatAddress, type Address } from '../../core/address.ts'
import type { Answer } from '../../session/answers.ts'
import { byteKey } from '../../core/byte-key.ts'
import type { Session } from '../../session/session.ts'
import type { ReliableServerSession } from '../connection/server-session.ts'

/** Who was let in. */
export interface Guest {
  readonly session: ReliableServerSession
  /** The private port that it was shown. */
  readonly endpoint: Address
  /** Where its first HELLO came from. */
  readonly source: string
  /** The id of that HELLO, as a key. */
  readonly firstHello: string
  /** What it was let in with, where tickets are taken. */
  readonly ticket: Ticket | undefined
  /** The HELLOs that it was let in by, and the connections that it may go on with, as keys; the oldest first. */
  readonly hellos: string[]
  readonly resumptions: string[]
}

/** How somebody came. */
export interface Arrival extends Pick<Guest, 'endpoint' | 'firstHello' | 'ticket'> {
  readonly source: Address
}

/**
 * Those who were let in, until they are forgotten: found by the HELLO they said, by the connection they want to go on with,
 * and, while nobody has come to their private port, by their address. What is kept for one guest is bounded.
 */
export class GuestList {
  readonly #guests = new Map<Session, Guest>()
  readonly #answers = new Map<string, Answer>()
  readonly #returning = new Map<string, Guest>()
  readonly #bySource = new Map<string, Guest>()

  /** How many things are kept: guests, and what they are found by. */
  get size(): number {
    return this.#guests.size + this.#answers.size + this.#returning.size + this.#bySource.size
  }

  /** Somebody is let in. */
  add(session: ReliableServerSession, { source, ...arrival }: Arrival): Guest {
    const guest: Guest = { session, ...arrival, source: formatAddress(source), hellos: [], resumptions: [] }
    this.#guests.set(session, guest)
    this.#bySource.set(guest.source, guest)
    return guest
  }

  /** What a HELLO was answered with at first. */
  answerTo(hello: string): Answer | undefined {
    return this.#answers.get(hello)
  }

  /** Whose HELLO has these bytes in it, if its connection can go on. */
  findReturning(resumeId: Uint8Array): Guest | undefined {
    const key = byteKey(resumeId)
    const guest = this.#returning.get(key)
    return guest?.session.mayReturn(key) === true ? guest : undefined
  }

  /** A guest comes back by these bytes, which {@link findReturning} knows: of what it may name they are forgotten last. */
  keepLongest(guest: Guest, resumeId: Uint8Array): void {
    const key = byteKey(resumeId)
    guest.resumptions.splice(guest.resumptions.indexOf(key), 1)
    guest.resumptions.push(key)
  }

  /** The session that was made for a HELLO from there and that nobody has come to yet. */
  findHalfOpen(source: Address): ReliableServerSession | undefined {
    const session = this.#bySource.get(formatAddress(source))?.session
    return session?.state === 'connecting' ? session : undefined
  }

  /** A guest's HELLO was answered; `resumption` is the key of what it may name to come back. */
  note(guest: Guest, hello: string, answer: Answer, resumption: string | undefined): void {
    this.#answers.set(hello, answer)
    keep(guest.hellos, hello, MAX_HELLOS, this.#answers)
    if (resumption === undefined) return
    this.#returning.set(resumption, guest)
    keep(guest.resumptions, resumption, MAX_RESUMPTIONS, this.#returning)
  }

  /** Forgets a guest whose session is over, and returns it. */
  forget(session: Session): Guest | undefined {
    const guest = this.#guests.get(session)
    if (guest === undefined) return undefined
    this.#guests.delete(session)
    if (this.#bySource.get(guest.source) === guest) this.#bySource.delete(guest.source)
    for (const hello of guest.hellos) this.#answers.delete(hello)
    for (const resumption of guest.resumptions) this.#returning.delete(resumption)
    return guest
  }
}

/** How many HELLOs of one guest get the answer that they had: a replayed one must not knock as somebody new. */
const MAX_HELLOS = 8

/** How many CONNECTs a guest may have missed, and still come back by an older one. */
const MAX_RESUMPTIONS = 4

/** Adds a key; beyond the limit the oldest one is forgotten. */
function keep(keys: string[], key: string, limit: number, map: Map<string, unknown>): void {
  keys.push(key)
  const oldest = keys.length > limit ? keys.shift() : undefined
  if (oldest !== undefined) map.delete(oldest)
}
