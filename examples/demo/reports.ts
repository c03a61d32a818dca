// What the director and its processes tell each other.

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

/** Tells the director, who forked this process. */
export function tell(report: ServerReport | ClientReport): void {
  process.send?.(report)
}

/** Hears the director's commands, and ends with it. */
export function hear(handle: (command: unknown) => void): void {
  process.on('message', handle)
  process.on('disconnect', () => process.exit())
}
