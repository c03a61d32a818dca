import type { SessionEvent } from '../../lib/session/session.ts'
import { fail } from './checks.ts'

/** With what a connection is closed: no two are alike. */
export interface Goodbye {
  readonly code: number
  readonly reason: string
}

/**
 * What one end is told over its life, checked as it comes: each connection that stood has one end, each stall too, nothing is told
 * of a connection that does not stand, and nothing after the last word.
 */
export class Biography {
  readonly name: string
  /** What its program closed it with. */
  goodbye: Goodbye | undefined
  /** How many messages it was handed. */
  messages = 0
  connections = 0
  refusals = 0
  #isConnected = false
  #isStalled = false
  #isClosed = false

  constructor(name: string) {
    this.name = name
  }

  /** Whether it was told that a connection stands, and not yet that it has ended. */
  get isConnected(): boolean {
    return this.#isConnected
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Takes the next event; throws when it cannot be true. */
  write(event: SessionEvent): void {
    if (this.#isClosed) this.#refuse(event)
    switch (event.type) {
      case 'connected':
        if (this.#isConnected) this.#refuse(event)
        this.connections += 1
        this.#isConnected = true
        return
      case 'ended':
        if (!this.#isConnected) this.#refuse(event)
        this.#isConnected = false
        this.#isStalled = false
        if (event.cause === 'closed-here') this.#checkGoodbye(event)
        return
      case 'stalled':
        if (!this.#isConnected || this.#isStalled) this.#refuse(event)
        this.#isStalled = true
        return
      case 'unstalled':
        if (!this.#isStalled) this.#refuse(event)
        this.#isStalled = false
        return
      case 'message':
        // Who hangs up while the connection is being made still hears what is said with the answer.
        if (!this.#isConnected && this.goodbye === undefined) this.#refuse(event)
        this.messages += 1
        return
      case 'refused':
      case 'unanswered':
        if (this.#isConnected) this.#refuse(event)
        if (event.type === 'refused') this.refusals += 1
        return
      case 'migrated':
        if (!this.#isConnected && this.goodbye === undefined) this.#refuse(event)
        return
      case 'closed':
        if (this.#isConnected) this.#refuse(event)
        this.#isClosed = true
        return
      default:
        return
    }
  }

  #checkGoodbye({ code, reason }: SessionEvent & { readonly type: 'ended' }): void {
    const { goodbye } = this
    if (goodbye?.code === code && goodbye.reason === reason) return
    fail(`${this.name} is told that it closed with ${code} '${reason}', and closed with ${describe(goodbye)}`)
  }

  #refuse({ type }: SessionEvent): never {
    const state = this.#isClosed ? 'closed' : this.#isStalled ? 'stalled' : this.#isConnected ? 'connected' : 'alone'
    return fail(`${this.name} is told '${type}' while it is ${state}`)
  }
}

function describe(goodbye: Goodbye | undefined): string {
  return goodbye === undefined ? 'nothing' : `${goodbye.code} '${goodbye.reason}'`
}
