import type { Address } from '../core/address.ts'
import { Fifo } from '../core/fifo.ts'
import type { FrontDoorStats } from './front-door.ts'
import { TransmitRecord, type Transmit } from './transmit.ts'

/** What a HELLO is answered with, and where that goes. */
export interface Answer {
  readonly bytes: Uint8Array
  readonly destination: Address
}

/** What a front door has answered and has yet to send, up to 1,024 of it. */
export class Answers {
  readonly #queue = new Fifo<Answer>()
  readonly #stats: FrontDoorStats
  readonly #transmit = new TransmitRecord()

  /** What does not fit in is counted in `stats`. */
  constructor(stats: FrontDoorStats) {
    this.#stats = stats
  }

  /** Adds an answer. One that does not fit in is asked for again: a client repeats its HELLO. */
  push(answer: Answer): void {
    if (this.#queue.length >= MAX_QUEUED_ANSWERS) this.#stats.droppedAnswers += 1
    else this.#queue.push(answer)
  }

  /** Writes the oldest answer; `undefined` when there is none. */
  pollTransmit(into: Uint8Array): Transmit | undefined {
    const answer = this.#queue.shift()
    if (answer === undefined) return undefined
    into.set(answer.bytes)
    return this.#transmit.set(answer.bytes.length, answer.destination)
  }
}

/** Answers that wait to be sent at one time. */
const MAX_QUEUED_ANSWERS = 1_024
