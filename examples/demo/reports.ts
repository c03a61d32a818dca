// What the director and its processes tell each other.

import type { Delivery } from 'udpipe'

/** Told to the server. */
export type ServerCommand =
  | { readonly type: 'start' }
  /** Send a numbered series to one client. */
  | { readonly type: 'send-series'; readonly to: string; readonly length: number }
  | { readonly type: 'close' }

/** Told by the server. */
export type ServerReport =
  | { readonly type: 'ready' }
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'joined'; readonly name: string }
  | { readonly type: 'stalled'; readonly name: string }
  | { readonly type: 'unstalled'; readonly name: string }
  | { readonly type: 'left'; readonly name: string; readonly timedOut: boolean }
  | { readonly type: 'queued'; readonly name: string; readonly messages: number }
  | { readonly type: 'closed'; readonly sentPackets: number; readonly receivedPackets: number }

/** Told to a client. */
export type ClientCommand =
  | { readonly type: 'connect'; readonly port: number; readonly showsDatagrams: boolean }
  | { readonly type: 'say'; readonly text: string }
  /** Ask so many questions, one after the other. */
  | { readonly type: 'ask'; readonly times: number }
  | { readonly type: 'close' }

/** Told by a client. */
export type ClientReport =
  | { readonly type: 'ready' }
  | { readonly type: 'debug'; readonly line: string }
  | { readonly type: 'connected'; readonly afterMs: number }
  | { readonly type: 'heard'; readonly text: string }
  | { readonly type: 'answered'; readonly answers: number; readonly medianMs: number; readonly slowestMs: number }
  | { readonly type: 'series'; readonly received: number; readonly isInOrder: boolean }
  | { readonly type: 'closed' }

/** Told to the server beyond the bad link. */
export type FarServerCommand = { readonly type: 'start' } | { readonly type: 'report' }

/** What came of one way of delivery, in the order it came. */
export interface Arrivals {
  readonly delivery: Delivery
  readonly numbers: readonly number[]
  /** One way. */
  readonly latenciesMs: readonly number[]
}

/** Told by the server beyond the bad link. */
export type FarServerReport =
  | { readonly type: 'ready' }
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'arrivals'; readonly arrivals: readonly Arrivals[] }

/** Told to the client before the bad link: connect, send, and close. */
export interface FarClientCommand {
  readonly host: string
  readonly port: number
  readonly messages: number
}

/** Told by the client before the bad link. */
export type FarClientReport = { readonly type: 'ready' } | { readonly type: 'sent' }

/** Told to the server of tables. */
export interface TableServerCommand {
  readonly type: 'start'
  readonly cypherkey: string
}

/** Told by the server of tables. */
export type TableServerReport =
  | { readonly type: 'ready' }
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'error'; readonly why: string }

/** Told to a client of tables: connect, send, and wait for what comes back. */
export interface TableClientCommand {
  readonly type: 'connect'
  readonly port: number
  readonly cypherkey: string
  readonly tables: number
}

/** Told by a client of tables. */
export type TableClientReport =
  | { readonly type: 'ready' }
  | { readonly type: 'sent'; readonly sample: string }
  | { readonly type: 'echoed'; readonly tables: number; readonly isInOrder: boolean }
  | { readonly type: 'refused'; readonly why: string }
  | { readonly type: 'closed'; readonly why: string }

/** Told to the WebSocket server. */
export interface WebsocketServerCommand {
  readonly type: 'start' | 'broadcast' | 'close'
}

/** Told by the WebSocket server. */
export type WebsocketServerReport =
  | { readonly type: 'ready' }
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'echo-ended'; readonly wasClean: boolean; readonly code: number; readonly reason: string }

/** Told to the client that blocks: connect, ask so many questions, close. */
export interface BlockingClientCommand {
  readonly url: string
  readonly questions: number
}

/** Told by the client that blocks. */
export type BlockingClientReport =
  { readonly type: 'ready' } | { readonly type: 'asked'; readonly answers: number; readonly medianMs: number }

/** What any process of the demonstration tells. */
type Report =
  | (ServerReport | ClientReport | FarServerReport | FarClientReport)
  | (TableServerReport | TableClientReport | WebsocketServerReport | BlockingClientReport)

/** Tells the director, who forked this process. */
export function tell(report: Report): void {
  process.send?.(report)
}

/** Hears the director's commands, and ends with it. */
export function hear(handle: (command: unknown) => void): void {
  process.on('message', handle)
  process.on('disconnect', () => process.exit())
}
