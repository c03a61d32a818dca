import type { Connection } from '../sockets/connection.ts'

/** What was counted on a connection. */
export interface ConnectionStats {
  /** Messages that came, and the bytes of their payloads after inflating. */
  readonly receivedMessages: number
  readonly receivedBytes: number
  /** Messages that were taken to be sent, and the bytes of their payloads. */
  readonly sentMessages: number
  readonly sentBytes: number
  /** What was sent and not yet taken by the system. */
  readonly queuedBytes: number
  /** What came and was not yet received. */
  readonly inboxMessages: number
  readonly inboxBytes: number
  /** How often reading paused because nobody received. */
  readonly pauses: number
  /** Messages that were not sent because the queue was full. */
  readonly refusedSends: number
  /** Messages that came and that nobody received before `close`. */
  readonly discardedMessages: number
  /** Milliseconds from the last ping to its pong. */
  readonly rttMs: number | undefined
}

const nothing = {
  receivedMessages: 0,
  receivedBytes: 0,
  sentMessages: 0,
  sentBytes: 0,
  pauses: 0,
  refusedSends: 0,
  rttMs: undefined,
}

/** Puts together what a connection and the inbox behind it have counted. */
export function connectionStats(
  connection: Connection | undefined,
  inbox: { readonly length: number; readonly bytes: number } | undefined,
  discardedMessages: number,
): ConnectionStats {
  return {
    ...(connection?.counters ?? nothing),
    queuedBytes: connection?.queuedBytes ?? 0,
    inboxMessages: inbox?.length ?? 0,
    inboxBytes: inbox?.bytes ?? 0,
    discardedMessages,
  }
}
