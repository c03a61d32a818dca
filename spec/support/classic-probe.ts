import type { Address } from '../../lib/core/address.ts'
import type { Session, SessionEvent } from '../../lib/session/session.ts'
import type { SessionSettings } from '../../lib/session/settings.ts'

/** The settings that the classic specs reckon with. */
export function classicSettings(overrides: Partial<SessionSettings> = {}): SessionSettings {
  return {
    timeoutMs: 10_000,
    stallTimeoutMs: 1_000,
    pingIntervalMs: 500,
    handshakeTimeoutMs: 5_000,
    resumeWindowMs: 0,
    reconnect: { minDelayMs: 400, maxDelayMs: 8_000, attempts: Infinity },
    queueWhileAway: true,
    maxQueuedMessages: 100,
    maxQueuedBytes: 10_000,
    maxMessagesPerSecond: 100_000,
    maxBytesPerSecond: Infinity,
    maxMessageBytes: 2_000,
    mtuBytes: 1_200,
    ...overrides,
  }
}

export function toBytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

export function toText(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
}

/** A datagram that a session wrote. */
export interface Said {
  readonly at: number
  readonly text: string
  readonly to: Address
}

/** A session on its own, with a clock and ears: what it is told by hand, and what it says. */
export class ClassicProbe<S extends Session> {
  readonly session: S
  now: number
  readonly events: SessionEvent[] = []
  readonly said: Said[] = []
  readonly #into = new Uint8Array(2_000)

  constructor(session: S, now: number) {
    this.session = session
    this.now = now
  }

  /** The events so far, by their names; they are forgotten. */
  takeEvents(): string[] {
    return this.events.splice(0).map((event) => event.type)
  }

  /** The texts said so far; they are forgotten. */
  takeSaid(): string[] {
    return this.said.splice(0).map(({ text }) => text)
  }

  eventsOf<T extends SessionEvent['type']>(type: T): (SessionEvent & { readonly type: T })[] {
    return this.events.filter((event): event is SessionEvent & { readonly type: T } => event.type === type)
  }

  get messages(): string[] {
    return this.eventsOf('message').map(({ message }) => toText(message))
  }

  /** A datagram arrives, now or at a time before. */
  hear(bytes: string | Uint8Array, source: Address, at = this.now): void {
    this.session.handleDatagram(at, typeof bytes === 'string' ? toBytes(bytes) : bytes, source)
  }

  send(text: string): string {
    return this.session.send(this.now, toBytes(text), 'unreliable', 0)
  }

  close(code = 0, reason = ''): void {
    this.session.close(this.now, code, reason)
  }

  /** One step of a main loop at the time `now`, in the session's drain order. */
  step(now = this.now, maxSilenceMs = Infinity): void {
    this.now = now
    this.session.handleTimeout(now, maxSilenceMs)
    this.drain()
  }

  /** The part of a step that follows the timeouts. */
  drain(): void {
    for (let event = this.session.pollEvent(); event; event = this.session.pollEvent()) this.events.push(event)
    for (;;) {
      const sent = this.session.pollTransmit(this.now, this.#into)
      if (sent === undefined) return
      this.said.push({ at: this.now, text: toText(this.#into.slice(0, sent.lengthBytes)), to: sent.destination })
    }
  }

  /** Sleeps exactly until each deadline, and steps at it, until the time `until`. */
  runUntil(until: number): void {
    this.step()
    while (this.session.nextDeadline <= until) {
      if (this.session.nextDeadline <= this.now)
        throw new Error(`The deadline ${this.session.nextDeadline} is over already.`)
      this.step(this.session.nextDeadline)
    }
    this.now = until
  }
}
