import type { Ticket } from '../../security/connect-token.ts'
import { TicketCheck, type TicketCheckOptions, type TicketRefusal } from '../../security/ticket-check.ts'

/** Who has which ticket, so that nobody else can use it. */
export class TokenHolders {
  readonly #check: TicketCheck
  /** By the ids of their tickets: whether they have come, or are on the way in. */
  readonly #haveCome = new Map<string, boolean>()

  constructor(options: TicketCheckOptions) {
    this.#check = new TicketCheck(options)
  }

  /** How many there are. */
  get size(): number {
    return this.#haveCome.size
  }

  /** Reads a ticket that was sealed under one of the keys; `undefined` for everything else. */
  open(ticket: Uint8Array): Ticket | undefined {
    return this.#check.open(ticket)
  }

  /** Whether somebody is on the way in with this ticket. */
  isOnTheWay({ id }: Ticket): boolean {
    return this.#haveCome.get(id) === false
  }

  /** Takes the ticket of somebody who asks to be let in, or says why not. */
  take(ticket: Ticket): TicketRefusal | undefined {
    const refusal = this.#check.take(ticket)
    if (refusal === undefined) this.#haveCome.set(ticket.id, false)
    return refusal
  }

  /** Who was let in with this ticket has come. */
  establish({ id }: Ticket): void {
    this.#haveCome.set(id, true)
  }

  /** Its session is over. A ticket that brought nobody may be tried again: its client has never heard of us. */
  leave(ticket: Ticket): void {
    if (this.isOnTheWay(ticket)) this.release(ticket)
    else this.#haveCome.delete(ticket.id)
  }

  /** It was not used after all. */
  release(ticket: Ticket): void {
    this.#haveCome.delete(ticket.id)
    this.#check.release(ticket)
  }
}
