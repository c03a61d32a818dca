import type { Holdings } from './programs/measure.ts'

/** What one end knows of the numbered messages of a client. */
export interface Ledger {
  /** The number that came last. */
  last: number
  received: number
  /** Of those that this end sent: refused by a full queue, or told to `onUndelivered`. */
  undelivered: number
}

export interface ClientLedger extends Ledger {
  sent: number
}

/** What is asked of the server of a soak. */
export interface Question {
  /** Clients that are gone for good, and need no ledger any more. */
  readonly forget?: readonly string[]
}

export interface ServerAccount extends Holdings {
  readonly rssBytes: number
  readonly peers: number
  /** How many messages have arrived. */
  readonly messages: number
  readonly connects: number
  readonly disconnects: number
  readonly clients: Readonly<Record<string, Ledger>>
  /** Since the last question. */
  readonly violations: readonly string[]
}

/** What a process full of clients is told. */
export type Order =
  | { readonly do: 'look' }
  /** Some of its clients stop stepping for so long. */
  | { readonly do: 'pause'; readonly share: number; readonly ms: number }
  /** Some of its clients close, and connect again. */
  | { readonly do: 'leave'; readonly share: number }
  /** No client sends any more. */
  | { readonly do: 'hush' }
  /** All close. */
  | { readonly do: 'close' }

export interface ClientsAccount extends Holdings {
  readonly rssBytes: number
  readonly reconnects: number
  readonly ledgers: Readonly<Record<string, ClientLedger>>
  /** Since the last order. */
  readonly violations: readonly string[]
}
