/** What a session needs of the options: parsed, in range, every time in milliseconds. */
export interface SessionSettings {
  /** Silence that ends a connection. */
  timeoutMs: number
  /** Silence that stalls a connection: what is sent then waits. */
  readonly stallTimeoutMs: number
  /** Silence after which a PING asks whether the other side is there. */
  readonly pingIntervalMs: number
  /** How long each half of the handshake may take. */
  readonly handshakeTimeoutMs: number
  /** How long a server keeps a connection that was lost, for its client to come back to; 0 for not at all. */
  readonly resumeWindowMs: number
  /** How a client that lost its server, or never found it, dials again; `false` when it does not. */
  readonly reconnect: ReconnectSettings | false
  /** Whether what waits while there is no connection goes out on the next one; if not, it is handed back when that stands. */
  readonly queueWhileAway: boolean
  /** How much may wait for a link that does not stand. */
  readonly maxQueuedMessages: number
  readonly maxQueuedBytes: number
  /** How much the other side may send a second, a packet counting as a message at least; `Infinity` for no limit. */
  readonly maxMessagesPerSecond: number
  readonly maxBytesPerSecond: number
  /** The largest message. */
  readonly maxMessageBytes: number
  /** The largest datagram (UDP payload) this end sends. */
  readonly mtuBytes: number
}

/** What one end asks the other to respect; the connection uses the smaller of both ends' values. */
export interface Limits {
  /** The largest datagram, in bytes of UDP payload. */
  readonly mtuBytes: number
  /** The largest message. */
  readonly maxMessageBytes: number
}

/** How a client dials again: the delay doubles from `minDelayMs` to `maxDelayMs`, with jitter, `attempts` times. */
export interface ReconnectSettings {
  readonly minDelayMs: number
  readonly maxDelayMs: number
  readonly attempts: number
}
