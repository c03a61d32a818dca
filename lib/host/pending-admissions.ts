import { Fifo } from '../core/fifo.ts'
import { UDPipeError } from '../core/errors.ts'
import { parseAdmissionAnswer, REFUSED } from '../options/admission-answer.ts'
import type { LinkSocket } from '../port/datagram-port.ts'
import type { ConnectionRequest, FrontDoor } from '../session/front-door.ts'
import type { CloseReason } from '../session/session.ts'

/** A newcomer, the door that it stands at, and the port that was opened for it. */
export interface Newcomer {
  readonly door: FrontDoor
  readonly request: ConnectionRequest
  readonly socket: LinkSocket
  /** What the limits per address count its address as. */
  readonly network: string
}

/** What becomes of a newcomer. */
export interface Decision {
  readonly newcomer: Newcomer
  /** What it is sent away with; `undefined` when it is let in. */
  readonly refusal: CloseReason | undefined
  /** Why nobody said: the program is to be told. */
  readonly error: UDPipeError | undefined
}

/**
 * The newcomers that the program was asked about and has yet to decide on, as a promise. Decisions come at any time, and are kept
 * until the next step takes them; whoever is not decided on in time is refused.
 */
export class PendingAdmissions {
  readonly #timeoutMs: number
  readonly #wake: () => void
  /** Until when each may wait, the oldest first. */
  readonly #undecided = new Map<Newcomer, number>()
  readonly #decided = new Fifo<Decision>()
  #now = -Infinity
  #awakeMs = 0

  /** `wake` is called when there is a decision to take. */
  constructor(timeoutMs: number, wake: () => void) {
    this.#timeoutMs = timeoutMs
    this.#wake = wake
  }

  /** How many there are, decided on or not. */
  get size(): number {
    return this.#undecided.size + this.#decided.length
  }

  /** When {@link take} has something, at the latest. */
  get nextDeadline(): number {
    if (this.#decided.length > 0) return -Infinity
    for (const limit of this.#undecided.values()) return this.#now + Math.max(0, limit - this.#awakeMs)
    return Infinity
  }

  /** The program will decide. */
  add(newcomer: Newcomer, answer: PromiseLike<unknown>): void {
    this.#undecided.set(newcomer, this.#awakeMs + this.#timeoutMs)
    answer.then(
      (value) => this.#settle(newcomer, value),
      (error: unknown) => this.#decide(newcomer, REFUSED, failed('rejected; its error is the cause', { cause: error })),
    )
  }

  /** Lets time pass; by the clock that leaves out the main loop's pauses, so that nobody is refused because we were away. */
  advance(now: number, awakeMs: number): void {
    this.#now = now
    this.#awakeMs = awakeMs
  }

  /** The next decision, or who has waited for too long. */
  take(): Decision | undefined {
    const decision = this.#decided.shift()
    if (decision !== undefined) return decision
    for (const [newcomer, limit] of this.#undecided) {
      if (this.#awakeMs < limit) break
      this.#undecided.delete(newcomer)
      return { newcomer, refusal: TOO_LATE, error: failed(`did not settle within ${this.#timeoutMs} ms`) }
    }
    return undefined
  }

  /** All of them, because nobody is let in any more. */
  takeAll(): Newcomer[] {
    const newcomers = [...this.#undecided.keys()]
    this.#undecided.clear()
    for (let decision = this.#decided.shift(); decision; decision = this.#decided.shift()) {
      newcomers.push(decision.newcomer)
    }
    return newcomers
  }

  #settle(newcomer: Newcomer, value: unknown): void {
    try {
      this.#decide(newcomer, parseAdmissionAnswer(value))
    } catch (error) {
      this.#decide(newcomer, REFUSED, error as UDPipeError)
    }
  }

  /** What is decided too late changes nothing. */
  #decide(newcomer: Newcomer, refusal: CloseReason | undefined, error?: UDPipeError): void {
    if (!this.#undecided.delete(newcomer)) return
    this.#decided.push({ newcomer, refusal, error })
    this.#wake()
  }
}

const TOO_LATE: CloseReason = { ...REFUSED, reason: 'the server’s program did not answer in time' }

function failed(what: string, options?: ErrorOptions): UDPipeError {
  return new UDPipeError(
    'ERR_ADMISSION_FAILED',
    `A client was refused because the promise of onNewClient ${what}.`,
    options,
  )
}
