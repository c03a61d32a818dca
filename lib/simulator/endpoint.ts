import { formatAddress, isSameAddress, type Address } from '../core/address.ts'
import type { Delivery } from '../session/delivery.ts'
import type { SendOutcome, Session, SessionEvent } from '../session/session.ts'
import { SILENCE_GRACE_MS } from './loop.ts'
import type { Loop } from './loop.ts'
import type { Network, Receiver, Socket, SocketOptions } from './network.ts'
import type { Actor, Flushable, Timeline } from './timeline.ts'
import { Timer } from './timer.ts'
import type { TimerOptions } from './timer.ts'
import type { Trace } from './trace.ts'

/** What endpoints stand on. */
export interface Ground {
  readonly timeline: Timeline
  readonly network: Network
  readonly trace: Trace | undefined
  /** Where datagrams are written before the network copies them. */
  readonly scratch: Uint8Array
}

/** Is told of each event of a session, as a program's callbacks are. What it sends goes out with the same step. */
export type EventListener = (event: SessionEvent, endpoint: Endpoint) => void

/** A datagram that waits for a step, with the time of its arrival by the program's own clock. */
interface Arrival {
  readonly time: number
  readonly bytes: Uint8Array
  readonly source: Address
}

/** A step that sends more than this is one that never ends. */
const MAX_DATAGRAMS_A_STEP = 100_000

const encoder = new TextEncoder()

/**
 * One session on its socket, driven by a program's loop in the order that {@link Session} states.
 *
 * What is sent between steps goes out at once, together with all else that is sent at that instant.
 */
export class Endpoint implements Actor, Receiver, Flushable {
  readonly name: string
  readonly session: Session
  readonly socket: Socket
  readonly loop: Loop
  /** Is told of each event; may be set at any time. */
  onEvent: EventListener | undefined
  readonly #ground: Ground
  readonly #slot: number
  readonly #connectsSocket: boolean
  readonly #onOver: ((endpoint: Endpoint) => void) | undefined
  readonly #inbox: Arrival[] = []
  readonly #timers = new Set<Timer>()
  /** When the next step was promised, by the program's clock. */
  #deadline = -Infinity
  #steppedAt: number
  /** How long the program was awake since the session was last told the time: what counts as silence of the other side. */
  #awakeMs = 0
  #isStepping = false
  #isTouched = false
  #isOver = false
  #droppedArrivals = 0
  /** Whom the socket is connected to. */
  #peer: Address | undefined

  /** `onOver` is called when the session has closed and its socket is gone. */
  constructor(
    ground: Ground,
    options: {
      readonly name: string
      readonly session: Session
      readonly address: Address
      readonly loop: Loop
      readonly socket?: SocketOptions | undefined
      /** Whether the socket is connected to whom the session names as its peer: it hears and reaches nobody else then. Default false. */
      readonly connectsSocket?: boolean | undefined
      readonly onEvent?: EventListener | undefined
      readonly onOver?: ((endpoint: Endpoint) => void) | undefined
    },
  ) {
    this.#ground = ground
    this.name = options.name
    this.session = options.session
    this.loop = options.loop
    this.onEvent = options.onEvent
    this.#onOver = options.onOver
    this.#connectsSocket = options.connectsSocket ?? false
    this.socket = ground.network.open(this, options.address, options.socket)
    this.#slot = ground.timeline.add(this)
    const { now } = ground.timeline
    this.#steppedAt = this.loop.clock.read(now)
    ground.timeline.set(this.#slot, this.loop.runsFrom(this.loop.isTicking ? this.loop.nextTick(now) : now))
  }

  /** Whether the session has closed, or the endpoint was stopped. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** The time by the program's own clock, in milliseconds. */
  get now(): number {
    return this.loop.clock.read(this.#ground.timeline.now)
  }

  /** How many datagrams were dropped because the inbox was full. */
  get droppedArrivals(): number {
    return this.#droppedArrivals
  }

  /** Sends a message; a text is encoded as UTF-8. Throws while the program is paused: it could not have called. */
  send(message: string | Uint8Array, delivery: Delivery = 'reliable', channel = 0): SendOutcome {
    const bytes = typeof message === 'string' ? encoder.encode(message) : message
    const outcome = this.session.send(this.#enter(), bytes, delivery, channel)
    this.#leave()
    return outcome
  }

  /** Asks the other side for a sign of life. Throws while the program is paused. */
  ping(): void {
    this.session.ping(this.#enter())
    this.#leave()
  }

  /** Ends the connection gracefully. Throws while the program is paused. */
  close(code = 0, reason = ''): void {
    this.session.close(this.#enter(), code, reason)
    this.#leave()
  }

  /** Steps at once, because the session was told something from elsewhere. */
  wake(): void {
    if (!this.#isOver && !this.#isStepping) this.#step(this.#ground.timeline.now)
  }

  /** Calls something once, at a time of the simulation, or as soon after it as the program runs. */
  at(timeMs: number, action: () => void): void {
    this.#startTimer(action, { fromMs: timeMs })
  }

  /** Calls something at an interval, while the program runs and the session lives. */
  every(intervalMs: number, action: () => void, options: TimerOptions = {}): void {
    this.#startTimer(action, { ...options, intervalMs })
  }

  /** Has the program vanish without a word: SIGKILL. */
  stop(): void {
    if (this.#isOver) return
    this.#isOver = true
    for (const timer of this.#timers) timer.stop()
    this.#timers.clear()
    this.#inbox.length = 0
    this.#ground.network.close(this.socket)
    this.#ground.timeline.remove(this.#slot)
  }

  receive(now: number, bytes: Uint8Array, source: Address): string {
    if (this.#peer !== undefined && !isSameAddress(source, this.#peer)) return 'not from the peer'
    if (this.#inbox.length >= this.loop.inboxPackets) {
      this.#droppedArrivals += 1
      return 'inbox full'
    }
    this.#inbox.push({ time: this.loop.clock.read(now), bytes, source })
    if (!this.loop.isTicking) this.#ground.timeline.set(this.#slot, this.loop.runsFrom(now))
    return ''
  }

  act(now: number): void {
    const running = this.loop.runsFrom(now)
    if (running > now) this.#ground.timeline.set(this.#slot, running)
    else this.#step(now)
  }

  flush(now: number): void {
    this.#isTouched = false
    if (this.#isOver) return
    // Callbacks fire inside steps only, and a ticking program steps when it ticks.
    if (this.loop.isTicking) this.#transmit(now)
    else this.#step(now)
  }

  #step(now: number): void {
    const local = this.loop.clock.read(now)
    this.#isStepping = true
    this.#takeInbox()
    this.#passTime(local)
    const isClosed = this.#drainEvents(now)
    this.#transmit(now)
    this.#isStepping = false
    if (this.#isOver) return
    if (isClosed) {
      this.stop()
      this.#onOver?.(this)
      return
    }
    const { loop } = this
    const due = loop.isTicking ? loop.nextTick(now) : Math.max(now, loop.clock.timeOf(this.#deadline))
    this.#ground.timeline.set(this.#slot, loop.runsFrom(due))
  }

  /** A step that comes later than it was promised adds little: the program slept, which says nothing of the other side. */
  #passTime(local: number): void {
    const promisedMs = Math.max(0, this.#deadline - this.#steppedAt)
    this.#awakeMs += Math.min(local - this.#steppedAt, promisedMs + SILENCE_GRACE_MS)
    this.#steppedAt = local
    if (this.loop.isLazy && local < this.#deadline) return
    this.session.handleTimeout(local, this.#awakeMs)
    this.#awakeMs = 0
  }

  /** Hands in what has arrived: in a step alone, so that nothing is acknowledged before the program was handed it. */
  #takeInbox(): void {
    for (const { time, bytes, source } of this.#inbox) this.session.handleDatagram(time, bytes, source)
    this.#inbox.length = 0
  }

  #drainEvents(now: number): boolean {
    const { trace } = this.#ground
    let isClosed = false
    for (let event = this.session.pollEvent(); event !== undefined; event = this.session.pollEvent()) {
      trace?.note(now, this.name, describeEvent(event))
      if (event.type === 'closed') isClosed = true
      if (event.type === 'peer' && this.#connectsSocket) this.#peer = event.remote
      this.onEvent?.(event, this)
      if (this.#isOver) break
    }
    return isClosed
  }

  #transmit(now: number): void {
    const { network, scratch } = this.#ground
    const local = this.loop.clock.read(now)
    for (let count = 0; !this.#isOver; count += 1) {
      const length = this.session.pollTransmit(local, scratch)
      if (length === 0) break
      if (count === MAX_DATAGRAMS_A_STEP) throw new Error(`${this.name} sends without end at ${now} ms.`)
      const { destination } = this.session
      if (this.#peer !== undefined && !isSameAddress(destination, this.#peer)) continue
      network.send(now, scratch.subarray(0, length), this.socket, destination)
    }
    this.#deadline = this.session.nextDeadline
    if (Number.isNaN(this.#deadline)) throw new Error(`${this.name}: nextDeadline is NaN at ${now} ms.`)
  }

  /** Before a call that the program makes by itself, which takes nothing in. Returns the time by its clock. */
  #enter(): number {
    const { now } = this.#ground.timeline
    if (this.loop.runsFrom(now) > now) throw new Error(`${this.name} is paused at ${now} ms and cannot do anything.`)
    return this.loop.clock.read(now)
  }

  #leave(): void {
    if (this.#isStepping || this.#isTouched || this.#isOver) return
    this.#isTouched = true
    this.#ground.timeline.touch(this)
  }

  #startTimer(action: () => void, options: TimerOptions & { readonly intervalMs?: number }): void {
    if (this.#isOver) return
    const onEnd = (timer: Timer) => this.#timers.delete(timer)
    this.#timers.add(new Timer(this.#ground.timeline, action, { ...options, name: this.name, loop: this.loop, onEnd }))
  }
}

function describeEvent(event: SessionEvent): string {
  switch (event.type) {
    case 'message':
      return `message of ${event.message.length} B, ${event.delivery}, channel ${event.channel}`
    case 'ended':
      return `ended: ${event.cause}, code ${event.code} '${event.reason}'${event.willReconnect ? ', will reconnect' : ''}`
    case 'refused':
      return `refused: code ${event.code} '${event.reason}'${event.willReconnect ? ', will try again' : ''}`
    case 'undelivered':
      return `undelivered: ${event.messages.length} messages`
    case 'migrated':
      return `migrated from ${formatAddress(event.from)} to ${formatAddress(event.to)}`
    case 'pong':
      return `pong after ${event.rttMs.toFixed(3)} ms`
    default:
      return event.type
  }
}
