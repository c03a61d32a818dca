import type { Ticket } from '../../security/connect-token.ts'
import { formatAddress, type Address } from '../../core/address.ts'
import type { Answer } from '../../session/answers.ts'
import { byteKey } from '../../core/bytes.ts'
import type { Session } from '../../session/session.ts'
import type { ReliableServerSession } from '../connection/server-session.ts'

/** Who was let in. */
export interface AdmittedClient {
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
export interface Arrival extends Pick<AdmittedClient, 'endpoint' | 'firstHello' | 'ticket'> {
  readonly source: Address
}

/**
 * Those who were let in, until they are forgotten: found by the HELLO they said, by the connection they want to go on with,
 * and, while nobody has come to their private port, by their address. What is kept for one client is bounded.
 */
export class AdmittedClients {
  readonly #admitted = new Map<Session, AdmittedClient>()
  readonly #answers = new Map<string, Answer>()
  readonly #returning = new Map<string, AdmittedClient>()
  readonly #bySource = new Map<string, AdmittedClient>()

  /** How many things are kept: admitted, and what they are found by. */
  get size(): number {
    return this.#admitted.size + this.#answers.size + this.#returning.size + this.#bySource.size
  }

  /** Somebody is let in. */
  add(session: ReliableServerSession, { source, ...arrival }: Arrival): AdmittedClient {
    const admittedClient: AdmittedClient = {
      session,
      ...arrival,
      source: formatAddress(source),
      hellos: [],
      resumptions: [],
    }
    this.#admitted.set(session, admittedClient)
    this.#bySource.set(admittedClient.source, admittedClient)
    return admittedClient
  }

  /** What a HELLO was answered with at first. */
  answerTo(hello: string): Answer | undefined {
    return this.#answers.get(hello)
  }

  /** Whose HELLO has these bytes in it, if its connection can go on. */
  findReturning(resumeId: Uint8Array): AdmittedClient | undefined {
    const key = byteKey(resumeId)
    const admittedClient = this.#returning.get(key)
    return admittedClient?.session.mayReturn(key) === true ? admittedClient : undefined
  }

  /** A admittedClient comes back by these bytes, which {@link findReturning} knows: of what it may name they are forgotten last. */
  keepLongest(admittedClient: AdmittedClient, resumeId: Uint8Array): void {
    const key = byteKey(resumeId)
    admittedClient.resumptions.splice(admittedClient.resumptions.indexOf(key), 1)
    admittedClient.resumptions.push(key)
  }

  /** The session that was made for a HELLO from there and that nobody has come to yet. */
  findHalfOpen(source: Address): ReliableServerSession | undefined {
    const session = this.#bySource.get(formatAddress(source))?.session
    return session?.state === 'connecting' ? session : undefined
  }

  /** A admittedClient's HELLO was answered; `resumption` is the key of what it may name to come back. */
  note(admittedClient: AdmittedClient, hello: string, answer: Answer, resumption: string | undefined): void {
    this.#answers.set(hello, answer)
    keep(admittedClient.hellos, hello, MAX_HELLOS, this.#answers)
    if (resumption === undefined) return
    this.#returning.set(resumption, admittedClient)
    keep(admittedClient.resumptions, resumption, MAX_RESUMPTIONS, this.#returning)
  }

  /** Forgets a admittedClient whose session is over, and returns it. */
  forget(session: Session): AdmittedClient | undefined {
    const admittedClient = this.#admitted.get(session)
    if (admittedClient === undefined) return undefined
    this.#admitted.delete(session)
    if (this.#bySource.get(admittedClient.source) === admittedClient) this.#bySource.delete(admittedClient.source)
    for (const hello of admittedClient.hellos) this.#answers.delete(hello)
    for (const resumption of admittedClient.resumptions) this.#returning.delete(resumption)
    return admittedClient
  }
}

/** How many HELLOs of one client get the answer that they had: a replayed one must not be taken for somebody new. */
const MAX_HELLOS = 8

/** How many CONNECTs a admittedClient may have missed, and still come back by an older one. */
const MAX_RESUMPTIONS = 4

/** Adds a key; beyond the limit the oldest one is forgotten. */
function keep(keys: string[], key: string, limit: number, map: Map<string, unknown>): void {
  keys.push(key)
  const oldest = keys.length > limit ? keys.shift() : undefined
  if (oldest !== undefined) map.delete(oldest)
}
