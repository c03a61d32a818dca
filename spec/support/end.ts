import type { Address } from '../../lib/core/address.ts'
import { UDPipeError } from '../../lib/core/errors.ts'
import type { HostedSession } from '../../lib/host/host-observer.ts'
import type { Delivery } from '../../lib/session/delivery.ts'
import type { SendOutcome, Session, SessionEvent } from '../../lib/session/session.ts'
import type { Program, SimulatedPort, Socket, TimerOptions } from '../../lib/simulator/index.ts'

/** Is told of each event of a session, before the program's callbacks are. What it sends goes out with the same step. */
export type EventListener = (event: SessionEvent, end: End) => void

const encoder = new TextEncoder()

const outcomes: Readonly<Record<string, SendOutcome>> = {
  ERR_MESSAGE_TOO_LARGE: 'too-large',
  ERR_MESSAGE_RESERVED: 'reserved',
  ERR_UNSUPPORTED: 'unsupported',
  ERR_PEER_CLOSED: 'closed',
}

/** One end of a connection in a simulation: the session that a UDPipe hosts there, and the program around it. */
export class End {
  readonly name: string
  readonly program: Program
  readonly port: SimulatedPort
  onEvent: EventListener | undefined
  readonly #driver: HostedSession
  #isOver = false

  constructor(name: string, driver: HostedSession, program: Program, onEvent?: EventListener) {
    const port = program.ports.find(({ address }) => address.port === driver.localPort)
    if (port === undefined) throw new Error(`${name} has no port.`)
    this.name = name
    this.program = program
    this.port = port
    this.onEvent = onEvent
    this.#driver = driver
  }

  get session(): Session {
    return this.#driver.session
  }

  /** Where it is on the network. */
  get socket(): Socket {
    return this.port.socket
  }

  /** Where it sends to. */
  get remote(): Address {
    return this.#driver.session.remote
  }

  /** Whether the session has closed, or its program was stopped. */
  get isOver(): boolean {
    return this.#isOver || this.program.isStopped
  }

  /** The time by the program's own clock, in milliseconds. */
  get now(): number {
    return this.program.now
  }

  /** How many datagrams were dropped because the program did not take them. */
  get droppedArrivals(): number {
    return this.port.counters.droppedInbox + this.port.droppedByKernel
  }

  /** Sends a message; a text is encoded as UTF-8. Throws while the program is paused: it could not have called. */
  send(message: string | Uint8Array, delivery: Delivery = 'reliable', channel = 0): SendOutcome {
    this.#requireRunning()
    const bytes = typeof message === 'string' ? encoder.encode(message) : message
    try {
      return this.#driver.sendBytes(bytes, { delivery, channel }) ? 'accepted' : 'queue-full'
    } catch (error) {
      const outcome = error instanceof UDPipeError ? outcomes[error.code] : undefined
      if (outcome === undefined) throw error
      return outcome
    }
  }

  /** Asks the other side for a sign of life. Throws while the program is paused. */
  ping(): void {
    this.#requireRunning()
    this.#driver.ping()
  }

  /** Ends the connection gracefully; `reconnect: false` asks a client not to dial again. Throws while the program is paused. */
  close(code = 0, reason = '', reconnect = true): void {
    this.#requireRunning()
    void this.#driver.close({ code, reason, reconnect })
  }

  /** Has the session stepped at once, because it was told something by the spec itself. */
  wake(): void {
    this.#driver.wake()
  }

  /** Calls something once, at a time of the simulation, or as soon after it as the program runs, while the session lives. */
  at(timeMs: number, action: () => void): void {
    this.program.at(timeMs, () => {
      if (!this.isOver) action()
    })
  }

  /** Calls something at an interval, while the program runs and the session lives. */
  every(intervalMs: number, action: () => void, options: TimerOptions = {}): void {
    this.program.every(
      intervalMs,
      () => {
        if (!this.isOver) action()
      },
      options,
    )
  }

  /** Has the program vanish without a word: SIGKILL. */
  stop(): void {
    this.program.stop()
  }

  /** The session told something. */
  tell(event: SessionEvent): void {
    this.onEvent?.(event, this)
  }

  /** The session is over. */
  end(): void {
    this.#isOver = true
  }

  #requireRunning(): void {
    if (!this.program.isRunning) throw new Error(`${this.name} is paused and cannot do anything.`)
  }
}
