import type { Cryptography } from '../security/crypto.ts'
import type { PortFactory } from './port-factory.ts'

/**
 * All that is not arithmetic: what a UDPipe needs of the machine and the runtime it runs on. `lib/node` has Node's; the simulator has
 * one on a virtual clock, so that what ships is what is simulated.
 */
export interface Platform {
  /** Milliseconds of a clock that never goes back and knows no time of day. */
  readonly monotonicMs: () => number
  /** Milliseconds since 1970, by which tokens expire. */
  readonly unixMs: () => number
  /** As many bytes as asked for that nobody can guess. */
  readonly randomBytes: (lengthBytes: number) => Uint8Array
  readonly cryptography: Cryptography
  readonly scheduler: Scheduler
  readonly terminal: Terminal
  readonly text: Text
  /** Where the sockets of one UDPipe come from. */
  createPorts(): PortFactory
  /**
   * Finds the numeric address of a host.
   *
   * @throws UDPipeError `ERR_HOST_NOT_FOUND`, as the promise's rejection
   */
  resolveHost(host: string): Promise<string>
  /** Tells whoever runs the program of an error that nobody handles. */
  warn(error: Error): void
  /** The same, before it returns: where the event loop may never turn again. */
  warnAtOnce(error: Error): void
}

/** When things are called: the event loop, under the names that it has in Node. Nothing is called from within these. */
export interface Scheduler {
  /** What timers keep whole: 1 where they know no fraction of a millisecond, 0 where they are exact. */
  readonly grainMs: number
  /** Calls at the end of what the event loop is at. */
  queueMicrotask(action: () => void): void
  /** Calls after all that this turn of the event loop brings. */
  setImmediate(action: () => void): unknown
  clearImmediate(immediate: unknown): void
  /** Calls once, no sooner than in `delayMs`. */
  setTimeout(action: () => void, delayMs: number): unknown
  clearTimeout(timer: unknown): void
  /** Lets the process end before this timer or immediate has been called. */
  unref(handle: unknown): void
}

/** Where lines for people go when the program names no logger. */
export interface Terminal {
  /** Whether lines are asked for from outside the program, as by `NODE_DEBUG=udpipe`. */
  readonly isDebugging: boolean
  debug(line: string): void
  warn(line: string): void
  /** Gives a text a colour, where there are colours. */
  paint(color: Color, text: string): string
}

export type Color = 'cyan' | 'green' | 'yellow' | 'dim'

/** How the platform's own strings and bytes are made. */
export interface Text {
  /** The bytes of a text in UTF-8. */
  encode(text: string): Uint8Array
  /** The same bytes, without a copy, as the kind of array that programs of this platform expect: a `Buffer` on Node. */
  present(bytes: Uint8Array): Buffer
}
