/** An owner's place in at most one list at a time. An owner that is in several lists at once has several links. */
export class Link<T> {
  readonly owner: T
  list: LinkedList<T> | undefined
  previous: Link<T> | undefined
  next: Link<T> | undefined

  constructor(owner: T) {
    this.owner = owner
  }

  /** Leaves the list that it is in, if any. */
  leave(): void {
    this.list?.remove(this)
  }
}

/** A doubly linked list of links that belong to their owners: adding and removing allocates nothing and takes constant time. */
export class LinkedList<T> {
  #first: Link<T> | undefined
  #last: Link<T> | undefined
  #size = 0

  get first(): Link<T> | undefined {
    return this.#first
  }

  get last(): Link<T> | undefined {
    return this.#last
  }

  get size(): number {
    return this.#size
  }

  /** Puts a link at the end, out of whichever list it was in. */
  append(link: Link<T>): void {
    link.leave()
    link.list = this
    link.previous = this.#last
    if (this.#last === undefined) this.#first = link
    else this.#last.next = link
    this.#last = link
    this.#size += 1
  }

  /** Puts a link at the beginning, out of whichever list it was in. */
  prepend(link: Link<T>): void {
    link.leave()
    link.list = this
    link.next = this.#first
    if (this.#first === undefined) this.#last = link
    else this.#first.previous = link
    this.#first = link
    this.#size += 1
  }

  /** Takes out a link of this list. */
  remove(link: Link<T>): void {
    const { previous, next } = link
    if (previous === undefined) this.#first = next
    else previous.next = next
    if (next === undefined) this.#last = previous
    else next.previous = previous
    link.list = undefined
    link.previous = undefined
    link.next = undefined
    this.#size -= 1
  }
}
