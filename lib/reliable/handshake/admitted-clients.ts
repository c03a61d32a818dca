import type { Ticket } from '../../security/connect-token.ts'
import { formatAddress, type Address } from '../../core/address.ts'
import type { Answer } from '../../session/answers.ts'
import { byteKey } from '../../core/bytes.ts'

/** Who was let in. */
export interface AdmittedClient {
  /** By which whoever hosts it speaks of it. */
  readonly id: string
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
  /** Whether it is on its way to its private port, and nobody has said HELLO anew from its address. */
  isHalfOpen: boolean
  /** Whether it ever came there. */
  wasEstablished: boolean
  /** Whether its connection is being closed. */
  isEnding: boolean
}

/** How somebody came. */
export interface Arrival extends Pick<AdmittedClient, 'endpoint' | 'firstHello' | 'ticket'> {
  readonly source: Address
}

/**
 * Those who were let in, until they are forgotten: found by the id of their admission, by the HELLO they said, by the connection they
 * want to go on with, and, while they have not come to their private port, by their address. What is kept for one client is bounded.
 */
export class AdmittedClients {
  readonly #admitted = new Map<string, AdmittedClient>()
  readonly #answers = new Map<string, Answer>()
  readonly #returning = new Map<string, AdmittedClient>()
  readonly #halfOpen = new Map<string, AdmittedClient>()
  #count = 0

  /** How many things are kept: admitted, and what they are found by. */
  get size(): number {
    return this.#admitted.size + this.#answers.size + this.#returning.size + this.#halfOpen.size
  }

  /** Somebody is let in, and gets an id. */
  add({ source, ...arrival }: Arrival): AdmittedClient {
    this.#count += 1
    const client: AdmittedClient = {
      id: `reliable-${this.#count}`,
      ...arrival,
      source: formatAddress(source),
      hellos: [],
      resumptions: [],
      isHalfOpen: true,
      wasEstablished: false,
      isEnding: false,
    }
    this.#admitted.set(client.id, client)
    this.#halfOpen.set(client.source, client)
    return client
  }

  /** Whose id it is, until it is forgotten. */
  find(id: string): AdmittedClient | undefined {
    return this.#admitted.get(id)
  }

  /** What a HELLO was answered with at first. */
  answerTo(hello: string): Answer | undefined {
    return this.#answers.get(hello)
  }

  /** Whose HELLO has these bytes in it, if its connection can go on. */
  findReturning(resumeId: Uint8Array): AdmittedClient | undefined {
    const client = this.#returning.get(byteKey(resumeId))
    return client?.wasEstablished === true && !client.isEnding ? client : undefined
  }

  /** Who was let in last by a HELLO from there, if it is half open. */
  findHalfOpen(source: Address): AdmittedClient | undefined {
    return this.#halfOpen.get(formatAddress(source))
  }

  /** A client's HELLO was answered; `resumption` is the key of what it may name to come back. */
  note(client: AdmittedClient, hello: string, answer: Answer, resumption: string | undefined): void {
    this.#answers.set(hello, answer)
    keep(client.hellos, hello, MAX_HELLOS, this.#answers)
    if (resumption === undefined) return
    this.#returning.set(resumption, client)
    keep(client.resumptions, resumption, MAX_RESUMPTIONS, this.#returning)
  }

  /** A client comes back by these bytes, which {@link findReturning} knows: of what it may name they are forgotten last. */
  keepLongest(client: AdmittedClient, resumeId: Uint8Array): void {
    const key = byteKey(resumeId)
    client.resumptions.splice(client.resumptions.indexOf(key), 1)
    client.resumptions.push(key)
  }

  /** A client came back: of what it may name, this is left. */
  keepOnly(client: AdmittedClient, resumeId: Uint8Array): void {
    const key = byteKey(resumeId)
    for (const former of client.resumptions.splice(0)) this.#returning.delete(former)
    client.resumptions.push(key)
    this.#returning.set(key, client)
  }

  /** It came to its private port, or is not to come any more. Returns whether it was half open until now. */
  endHalfOpen(client: AdmittedClient): boolean {
    if (this.#halfOpen.get(client.source) === client) this.#halfOpen.delete(client.source)
    const wasHalfOpen = client.isHalfOpen
    client.isHalfOpen = false
    return wasHalfOpen
  }

  /** Forgets a client whose session is over. */
  forget(client: AdmittedClient): void {
    this.#admitted.delete(client.id)
    this.endHalfOpen(client)
    for (const hello of client.hellos) this.#answers.delete(hello)
    for (const resumption of client.resumptions) this.#returning.delete(resumption)
  }
}

/** How many HELLOs of one client get the answer that they had: a replayed one must not be taken for somebody new. */
const MAX_HELLOS = 8

/** How many CONNECTs a client may have missed, and still come back by an older one. */
const MAX_RESUMPTIONS = 4

/** Adds a key; beyond the limit the oldest one is forgotten. */
function keep(keys: string[], key: string, limit: number, map: Map<string, unknown>): void {
  keys.push(key)
  const oldest = keys.length > limit ? keys.shift() : undefined
  if (oldest !== undefined) map.delete(oldest)
}
