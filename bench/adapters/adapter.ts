/** One connection of a peer library, as every workload sees it. */
export interface Connection {
  /** What arrives, one call a message. It may be kept only until the call returns. */
  onMessage: (message: Uint8Array) => void
  /** Roughly how many bytes were accepted by {@link send} and not handed to the network yet. */
  readonly queuedBytes: number
  /** Sends reliably and in order; the bytes may be changed afterwards. Returns whether it was accepted. */
  send(message: Buffer): boolean
  close(): void
  /** With the rhythm `'ticks'`, what the library has to be called for in each tick. */
  step?(): void
}

export interface Listener {
  readonly port: number
  close(): void
  /** With the rhythm `'ticks'`, what the library has to be called for in each tick. */
  step?(): void
  /** How many datagrams were sent and received, where the library tells. */
  datagrams?: () => { readonly sent: number; readonly received: number }
}

export interface EndOptions {
  readonly host: string
  /** 0 for any free one, when listening. */
  readonly port: number
  /** Whether a library that can be stepped is stepped by the workload's own loop, or goes by itself. Default `'events'`. */
  readonly rhythm?: 'events' | 'ticks'
  /** For udpipe alone: its option `security`; its own default when missing. */
  readonly security?: string
  /** How many connections are expected at most. */
  readonly maxConnections?: number
}

/** A library under measurement, or Node's own sockets, behind the one interface that all workloads use. */
export interface Adapter {
  /** What its figures are listed under. */
  readonly name: string
  listen(options: EndOptions, onConnection: (connection: Connection) => void): Promise<Listener>
  connect(options: EndOptions): Promise<Connection>
}

/** Shared by what nobody has listened to yet. */
export const ignoreMessage = (): void => {}
