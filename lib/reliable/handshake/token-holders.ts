import type { Ticket } from '../../security/connect-token.ts'
import { TicketCheck, type TicketCheckOptions, type TicketRefusal } from '../../security/ticket-check.ts'
import type { ReliableServerSession } from '../connection/server-session.ts'

/** Who has which ticket, so that nobody else can use it. */
export class TokenHolders {
  readonly #check: TicketCheck
  /** By the ids of their tickets; no session until the request is answered. */
  readonly #sessions = new Map<string, ReliableServerSession | undefined>()

  constructor(options: TicketCheckOptions) {
    this.#check = new TicketCheck(options)
  }

  /** How many there are. */
  get size(): number {
    return this.#sessions.size
  }

  /** Reads a ticket that was sealed under one of the keys; `undefined` for everything else. */
  open(ticket: Uint8Array): Ticket | undefined {
    return this.#check.open(ticket)
  }

  /** Whether somebody is on the way in with this ticket. */
  isOnTheWay({ id }: Ticket): boolean {
    return this.#sessions.has(id) && this.#sessions.get(id)?.wasEstablished !== true
  }

  /** Takes the ticket of somebody who asks to be let in, or says why not. */
  take(ticket: Ticket): TicketRefusal | undefined {
    const refusal = this.#check.take(ticket)
    if (refusal === undefined) this.#sessions.set(ticket.id, undefined)
    return refusal
  }

  /** Who asked with this ticket was let in. */
  admit({ id }: Ticket, session: ReliableServerSession): void {
    if (this.#sessions.has(id)) this.#sessions.set(id, session)
  }

  /** A session is over. A ticket that brought nobody may be tried again: its client has never heard of us. */
  leave(ticket: Ticket, { wasEstablished }: ReliableServerSession): void {
    if (wasEstablished) this.#sessions.delete(ticket.id)
    else this.release(ticket)
  }

  /** It was not used after all. */
  release(ticket: Ticket): void {
    this.#sessions.delete(ticket.id)
    this.#check.release(ticket)
  }
}
