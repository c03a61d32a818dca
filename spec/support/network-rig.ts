import { setTimeout as delay } from 'node:timers/promises'
import * as network from 'udpipe/network'
import { expect, onTestFinished } from 'vitest'

/** Long enough for a busy machine and a bad link; whoever waits this long waits in vain. */
const PATIENCE_MS = 40_000

type EventOf<Code extends network.NetworkEvent['Event']> = Extract<network.NetworkEvent, { readonly Event: Code }>

/** The names of the events, as they read in a failure. */
const NAMES = ['', 'CONNECT', 'CONNECTED', 'RECEIVE', 'SERVER_CLOSE', 'CLIENT_CLOSE', 'ERROR'] as const

/** A network of its own, and all that was polled from it. What it opened is closed when the test is finished. */
export class NetworkRig {
  readonly network: network.Network
  readonly events: network.NetworkEvent[] = []
  readonly kept = new Set<network.ClientConnection>()
  readonly #closers: (() => Promise<void>)[] = []
  readonly #lastClosers: (() => void)[] = []

  constructor(options?: network.NetworkOptions) {
    this.network = network.createNetwork(options)
    onTestFinished(async () => {
      const polling = setInterval(() => this.poll(), 5)
      await Promise.all(this.#closers.map((close) => close()))
      clearInterval(polling)
      for (const close of this.#lastClosers) close()
    })
  }

  /** Calls this when all servers and clients are closed. */
  closeLast(close: () => void): void {
    this.#lastClosers.push(close)
  }

  async server(...args: Parameters<typeof network.Server>): Promise<network.Server> {
    const [server, result] = await this.network.Server(...args)
    if (server === null) throw new Error(result)
    this.#closers.push(() => server.Close())
    return server
  }

  async client(...args: Parameters<typeof network.Client>): Promise<network.Client> {
    const [client, result] = await this.network.Client(...args)
    if (client === null) throw new Error(result)
    this.#closers.push(async () => client[Symbol.asyncDispose]())
    return client
  }

  /** Polls once, and keeps every connection. */
  poll(): void {
    for (const event of this.network.PollEvents()) {
      this.events.push(event)
      if (event.Event === network.EVENT_CONNECT) this.kept.add(event.Object)
      if (event.Event === network.EVENT_CLIENT_CLOSE) this.kept.delete(event.Object)
    }
  }

  /** Polls until this is true. */
  async until(isMet: () => boolean, what = String(isMet)): Promise<void> {
    const startedAt = performance.now()
    for (;;) {
      this.poll()
      if (isMet()) return
      if (performance.now() - startedAt > PATIENCE_MS) {
        throw new Error(`Waited in vain for ${what}: ${this.words().slice(-20).join('; ')}`)
      }
      await delay(2)
    }
  }

  /** The events of this kind so far, oldest first. */
  of<Code extends network.NetworkEvent['Event']>(code: Code): EventOf<Code>[] {
    return this.events.filter((event): event is EventOf<Code> => event.Event === code)
  }

  /** Polls until there are so many events of this kind, and returns them. */
  async next<Code extends network.NetworkEvent['Event']>(code: Code, count = 1): Promise<EventOf<Code>[]> {
    await this.until(() => this.of(code).length >= count, `${count} × ${NAMES[code]}`)
    return this.of(code)
  }

  /** The last event of this kind, once there are so many. */
  async last<Code extends network.NetworkEvent['Event']>(code: Code, count = 1): Promise<EventOf<Code>> {
    const event = (await this.next(code, count)).at(-1)
    if (event === undefined) throw new Error(`no ${NAMES[code]}`)
    return event
  }

  /** All events so far in a few words. */
  words(object?: object): string[] {
    return this.events
      .filter((event) => object === undefined || event.Object === object)
      .map(({ Event, Errors }) => `${NAMES[Event]} ${Errors.split(': ')[0] ?? ''}`)
  }

  /** For what must not happen: lets things happen for a while, and polls them. */
  async settle(ms = 60): Promise<void> {
    const startedAt = performance.now()
    await this.until(() => performance.now() - startedAt > ms)
  }
}

/** Expects the code that a result begins with. */
export function expectCode(result: string | undefined, code: string): void {
  expect(result).toMatch(new RegExp(`^${code}(: |$)`))
}
