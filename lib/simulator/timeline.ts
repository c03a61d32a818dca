import { Agenda } from './agenda.ts'

/** Something that is called when its time has come. */
export interface Actor {
  readonly name: string
  act(now: number): void
}

/** Something that is called once more after the current call, because it was touched by it. */
export interface Flushable {
  flush(now: number): void
}

/** So many calls within one microsecond are a loop that time does not get out of. */
const MAX_CALLS_AT_ONCE = 200_000

const SAME_INSTANT_MS = 0.001

/** Virtual time: it jumps from one thing that is due to the next. */
export class Timeline {
  readonly #agenda = new Agenda()
  readonly #actors: (Actor | undefined)[] = []
  readonly #touched: Flushable[] = []
  #now = 0
  #instant = 0
  #callsAtOnce = 0

  /** The time, in milliseconds from 0. */
  get now(): number {
    return this.#now
  }

  /** When the next thing is due; `Infinity` for never. */
  get nextTime(): number {
    return this.#agenda.nextTime
  }

  /** Takes an actor in; it is due when {@link set} says so. Returns its slot. */
  add(actor: Actor): number {
    const slot = this.#agenda.add()
    this.#actors[slot] = actor
    return slot
  }

  /** Lets an actor go. */
  remove(slot: number): void {
    this.#actors[slot] = undefined
    this.#agenda.remove(slot)
  }

  /** Sets when an actor is due; the past means at once, `Infinity` never. */
  set(slot: number, time: number): void {
    this.#agenda.set(slot, time)
  }

  /** Has something flushed at this very time, after what is going on now. */
  touch(flushable: Flushable): void {
    this.#touched.push(flushable)
  }

  /** Flushes what was touched from outside of {@link advance}. */
  settleTouched(): void {
    // What a flush touches in its turn joins the end of the list.
    for (const flushable of this.#touched) flushable.flush(this.#now)
    this.#touched.length = 0
  }

  /**
   * Calls what is due next, unless that is after `until`; then time moves on to `until`. Returns whether it called.
   * Throws when time does not move on however often things are called.
   */
  advance(until: number): boolean {
    if (this.#touched.length > 0) this.settleTouched()
    const time = this.#agenda.nextTime
    if (time > until) {
      this.#now = Math.max(this.#now, until)
      return false
    }
    this.#now = Math.max(this.#now, time)
    const slot = this.#agenda.nextSlot
    const actor = this.#actors[slot]
    this.#agenda.set(slot, Infinity)
    if (actor !== undefined) {
      this.#countCall(actor)
      actor.act(this.#now)
    }
    if (this.#touched.length > 0) this.settleTouched()
    return true
  }

  #countCall({ name }: Actor): void {
    if (this.#now - this.#instant >= SAME_INSTANT_MS) {
      this.#instant = this.#now
      this.#callsAtOnce = 0
    }
    this.#callsAtOnce += 1
    if (this.#callsAtOnce > MAX_CALLS_AT_ONCE) {
      throw new Error(`Time does not move on: ${MAX_CALLS_AT_ONCE} calls at ${this.#now} ms, the last to ${name}.`)
    }
  }
}
