import type { Address } from '../core/address.ts'
import { refusalCodes } from '../session/codes.ts'
import { openTicket, serverDigest, type Ticket } from './connect-token.ts'
import type { Cryptography } from './crypto.ts'
import { UsedTickets } from './used-tickets.ts'

/** What a server needs to take tickets. */
export interface TicketCheckOptions {
  readonly crypto: Cryptography
  /** What tickets may be sealed under: the newest key first, and those before it that are still to be honoured. */
  readonly keys: readonly Uint8Array[]
  /** The addresses by which tickets may name this server; `undefined` when it does not know, and takes those for any. */
  readonly ownAddresses: readonly Address[] | undefined
  /** How many used tickets are remembered until they expire; beyond it nobody is let in. */
  readonly maxUsedTickets: number
  /** The time of day, in milliseconds since 1970, by which tickets expire. */
  readonly unixMs: () => number
}

/** Why a ticket is not taken, for GO AWAY! */
export interface TicketRefusal {
  readonly code: number
  readonly reason: string
}

/** Which tickets a server takes: sealed for it, not expired, once each. */
export class TicketCheck {
  readonly #options: TicketCheckOptions
  readonly #own: ReadonlySet<string> | undefined
  readonly #used: UsedTickets

  constructor(options: TicketCheckOptions) {
    const { crypto, ownAddresses } = options
    this.#options = options
    this.#own = ownAddresses && new Set(ownAddresses.map((address) => serverDigest(crypto, address)))
    this.#used = new UsedTickets(options.maxUsedTickets)
  }

  /** How many used tickets are remembered. */
  get usedCount(): number {
    return this.#used.size
  }

  /** Reads a ticket that was sealed under one of the keys; `undefined` for everything else. */
  open(ticket: Uint8Array): Ticket | undefined {
    const { crypto, keys } = this.#options
    for (const key of keys) {
      const opened = openTicket(crypto, key, ticket)
      if (opened !== undefined) return opened
    }
    return undefined
  }

  /** Uses a ticket, or says why not. */
  take({ id, expiresAtMs, servers }: Ticket): TicketRefusal | undefined {
    const nowMs = this.#options.unixMs()
    if (nowMs >= expiresAtMs) return EXPIRED
    if (this.#own !== undefined && !servers.some((server) => this.#own?.has(server))) return FOR_ANOTHER_SERVER
    const use = this.#used.take(nowMs, id, expiresAtMs)
    return use === 'taken' ? undefined : use === 'used' ? USED : FULL
  }

  /** It was not used after all: its client was sent away, or never came. */
  release({ id }: Ticket): void {
    this.#used.release(id)
  }
}

const EXPIRED: TicketRefusal = { code: refusalCodes.expiredToken, reason: 'the connect token has expired' }
const USED: TicketRefusal = { code: refusalCodes.usedToken, reason: 'the connect token has been used' }
const FOR_ANOTHER_SERVER: TicketRefusal = {
  code: refusalCodes.tokenForAnotherServer,
  reason: 'the connect token is for another server',
}
const FULL: TicketRefusal = {
  code: refusalCodes.full,
  reason: 'the server has taken as many connect tokens as it can remember',
}
