const INITIAL_SLOTS = 64

/**
 * Who is due when: an indexed binary heap over numbered slots, one time each. Setting a slot's time moves it to its
 * place in O(log n) and allocates nothing. Of equal times the lower slot is first, so that a run repeats exactly.
 */
export class Agenda {
  #times: Float64Array = new Float64Array(INITIAL_SLOTS)
  /** Slots in heap order. */
  #heap: Int32Array = new Int32Array(INITIAL_SLOTS)
  /** Where each slot is in the heap; -1 while it has no time. */
  #places: Int32Array = new Int32Array(INITIAL_SLOTS).fill(-1)
  readonly #freeSlots: number[] = []
  #slots = 0
  #size = 0

  /** The earliest time; `Infinity` when nothing is due ever. */
  get nextTime(): number {
    return this.#size === 0 ? Infinity : this.#time(this.#at(0))
  }

  /** The slot with the earliest time; -1 when nothing is due ever. */
  get nextSlot(): number {
    return this.#size === 0 ? -1 : this.#at(0)
  }

  /** Takes a slot, without a time. */
  add(): number {
    const free = this.#freeSlots.pop()
    if (free !== undefined) return free
    if (this.#slots === this.#times.length) this.#grow()
    this.#slots += 1
    return this.#slots - 1
  }

  /** Gives a slot back; {@link add} may hand it out again. */
  remove(slot: number): void {
    this.set(slot, Infinity)
    this.#freeSlots.push(slot)
  }

  /** Sets when a slot is due; `Infinity` for never. */
  set(slot: number, time: number): void {
    const place = this.#places[slot] ?? -1
    if (time === Infinity) {
      if (place >= 0) this.#delete(slot, place)
      return
    }
    if (place < 0) {
      this.#times[slot] = time
      this.#size += 1
      this.#rise(slot, this.#size - 1)
      return
    }
    const before = this.#time(slot)
    this.#times[slot] = time
    if (time < before) this.#rise(slot, place)
    else if (time > before) this.#sink(slot, place)
  }

  #delete(slot: number, place: number): void {
    this.#places[slot] = -1
    this.#size -= 1
    if (place === this.#size) return
    const last = this.#at(this.#size)
    this.#rise(last, place)
    this.#sink(last, this.#places[last] ?? 0)
  }

  #rise(slot: number, from: number): void {
    let place = from
    while (place > 0) {
      const parentPlace = (place - 1) >> 1
      const parent = this.#at(parentPlace)
      if (this.#isBefore(parent, slot)) break
      this.#put(parent, place)
      place = parentPlace
    }
    this.#put(slot, place)
  }

  #sink(slot: number, from: number): void {
    let place = from
    for (;;) {
      let childPlace = place * 2 + 1
      if (childPlace >= this.#size) break
      const rightPlace = childPlace + 1
      if (rightPlace < this.#size && this.#isBefore(this.#at(rightPlace), this.#at(childPlace))) childPlace = rightPlace
      const child = this.#at(childPlace)
      if (this.#isBefore(slot, child)) break
      this.#put(child, place)
      place = childPlace
    }
    this.#put(slot, place)
  }

  #isBefore(a: number, b: number): boolean {
    const timeA = this.#time(a)
    const timeB = this.#time(b)
    return timeA < timeB || (timeA === timeB && a < b)
  }

  #put(slot: number, place: number): void {
    this.#heap[place] = slot
    this.#places[slot] = place
  }

  #at(place: number): number {
    return this.#heap[place] ?? 0
  }

  #time(slot: number): number {
    return this.#times[slot] ?? Infinity
  }

  #grow(): void {
    const length = this.#times.length * 2
    const times = new Float64Array(length)
    const heap = new Int32Array(length)
    const places = new Int32Array(length).fill(-1)
    times.set(this.#times)
    heap.set(this.#heap)
    places.set(this.#places)
    this.#times = times
    this.#heap = heap
    this.#places = places
  }
}
