import type { Address } from '../core/address.ts'

/** A datagram that arrives. */
export interface Datagram {
  /** When it arrives. */
  readonly time: number
  readonly bytes: Uint8Array
  readonly source: Address
  readonly destination: Address
}

interface OrderedDatagram extends Datagram {
  /** Of two that arrive at once, the one that was sent first is first. */
  readonly order: number
}

/** Datagrams under way, the first to arrive on top: a binary heap. */
export class DatagramHeap {
  readonly #heap: OrderedDatagram[] = []
  #order = 0

  get size(): number {
    return this.#heap.length
  }

  /** When the first one arrives; `Infinity` when none is under way. */
  get nextTime(): number {
    return this.#heap[0]?.time ?? Infinity
  }

  push(time: number, bytes: Uint8Array, source: Address, destination: Address): void {
    const datagram = { time, bytes, source, destination, order: this.#order }
    this.#order += 1
    const heap = this.#heap
    let place = heap.length
    heap.push(datagram)
    while (place > 0) {
      const parentPlace = (place - 1) >> 1
      const parent = heap[parentPlace]
      if (parent === undefined || isBefore(parent, datagram)) break
      heap[place] = parent
      place = parentPlace
    }
    heap[place] = datagram
  }

  pop(): Datagram | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || first === last) return first
    let place = 0
    for (;;) {
      let childPlace = place * 2 + 1
      let child = heap[childPlace]
      const right = heap[childPlace + 1]
      if (child === undefined) break
      if (right !== undefined && isBefore(right, child)) {
        child = right
        childPlace += 1
      }
      if (isBefore(last, child)) break
      heap[place] = child
      place = childPlace
    }
    heap[place] = last
    return first
  }
}

function isBefore(a: OrderedDatagram, b: OrderedDatagram): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order)
}
