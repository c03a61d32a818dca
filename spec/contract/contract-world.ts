import { expect } from 'vitest'
import type { Delivery } from '../../lib/session/delivery.ts'
import type { FrontDoor, FrontDoorEvent } from '../../lib/session/front-door.ts'
import type { SessionEvent } from '../../lib/session/session.ts'
import type { SessionSettings } from '../../lib/session/settings.ts'
import type { UDPipeOptions } from '../../lib/options/options.ts'
import type { LinkOptions } from '../../lib/simulator/index.ts'
import type { End } from '../support/end.ts'
import { EndWorld, type ClientOptions, type PipeOptions, type ServerOptions } from '../support/end-world.ts'
import { createSettings } from '../support/settings.ts'

/** A protocol, as the contract of `Session` and `FrontDoor` sees it. */
export interface ContractSubject extends PipeOptions {
  readonly name: string
  /** A delivery that the protocol has on channel 0. */
  readonly delivery: Delivery
}

/** What differs from the usual world. */
export interface WorldChanges {
  readonly seed?: number
  readonly link?: LinkOptions
  readonly settings?: Partial<SessionSettings>
  readonly server?: ServerOptions
}

/** What differs from the usual client. */
export interface ClientChanges extends ClientOptions {
  readonly settings?: Partial<SessionSettings>
  readonly token?: string
}

/** How long a datagram takes, where nothing else is said. */
export const DELAY_MS = 25
/** Settings of a client that gives up. */
export const NO_REDIAL: Partial<SessionSettings> = { reconnect: false }
const decoder = new TextDecoder()

/** The contract's world: a server of the subject's protocol, the clients that are added, and what all of them were told. */
export class ContractWorld extends EndWorld {
  readonly events: Map<End, SessionEvent[]>
  readonly doorEvents: FrontDoorEvent[]
  readonly #subject: ContractSubject
  readonly #options: UDPipeOptions

  constructor(subject: ContractSubject, { seed = 1, link, settings, server }: WorldChanges = {}) {
    // Not every protocol keeps connections that were lost.
    const all = createSettings({ resumeWindowMs: 0, ...settings }) as UDPipeOptions
    const options = { ...subject.options, ...all, token: 'secret' }
    const events = new Map<End, SessionEvent[]>()
    const doorEvents: FrontDoorEvent[] = []
    super(
      { seed, link: { delayMs: DELAY_MS, ...link } },
      {
        onEvent: (event, end) => note(events, event, end),
        onFrontDoorEvent: (event) => doorEvents.push(event),
        ...server,
      },
      { ...subject, options },
    )
    this.#subject = subject
    this.#options = options
    this.events = events
    this.doorEvents = doorEvents
  }

  /** The client's program starts to dial. */
  dial({ settings, token = 'secret', ...client }: ClientChanges = {}): End {
    const options = { ...this.#options, ...(settings as UDPipeOptions), token }
    return this.addClient(
      { ...this.#subject, options },
      { onEvent: (event, end) => note(this.events, event, end), ...client },
    )
  }

  /** Both ends, once they are connected. */
  connect(changes: ClientChanges = {}): { client: End; server: End } {
    const client = this.dial(changes)
    return { client, server: this.awaitConnected(client) }
  }

  /** Waits until both ends are connected and returns the server's. */
  awaitConnected(client: End, limitMs = 30_000): End {
    const isConnected = (): boolean =>
      client.session.state === 'connected' && this.serverEnd(client)?.session.state === 'connected'
    expect(this.waitFor(isConnected, limitMs), 'never connected').toBe(true)
    const server = this.serverEnd(client)
    if (server === undefined) throw new Error('The server has no session.')
    return server
  }

  send(end: End, text: string): void {
    expect(end.send(text, this.#subject.delivery)).toBe('accepted')
  }

  /** What an end was told, but for signs of life. */
  story(end: End): string[] {
    return (this.events.get(end) ?? []).map(describeEvent).filter((line) => line !== 'ping' && line !== 'pong')
  }

  /** The same without whom it talks to: while a link is stalled, one protocol keeps its peer and the other does not. */
  storyOfStates(end: End): string[] {
    return this.story(end).filter((line) => !line.startsWith('peer'))
  }

  /** The texts that arrived at an end. */
  texts(end: End): string[] {
    return (this.events.get(end) ?? []).flatMap((event) =>
      event.type === 'message' ? [decoder.decode(event.message)] : [],
    )
  }

  /** Forgets what was told so far. */
  clear(): void {
    this.events.clear()
  }

  /** Cuts or mends both links of a client. */
  setCut(client: End, isCut: boolean): void {
    this.uplink(client).configure({ loss: isCut ? 1 : 0 })
    this.downlink(client).configure({ loss: isCut ? 1 : 0 })
  }

  get frontDoor(): FrontDoor {
    const [door] = this.server.frontDoors
    if (door === undefined) throw new Error('The server has no front door.')
    return door
  }
}

/** Whether a datagram is anything but a CONNECT. */
export function isNotConnect(bytes: Uint8Array): boolean {
  return !decoder.decode(bytes.subarray(0, 8)).startsWith('CONNECT')
}

function note(events: Map<End, SessionEvent[]>, event: SessionEvent, end: End): void {
  const list = events.get(end)
  if (list === undefined) events.set(end, [event])
  else list.push(event)
}

function describeEvent(event: SessionEvent): string {
  switch (event.type) {
    case 'peer':
      return event.remote === undefined ? 'peer none' : 'peer'
    case 'ended':
      return `ended ${event.cause}${event.willReconnect ? ', will reconnect' : ''}`
    case 'refused':
    case 'unanswered':
      return event.willReconnect ? `${event.type}, will reconnect` : event.type
    case 'undelivered':
      return `undelivered ${event.messages.length}`
    case 'message':
      return `message ${decoder.decode(event.message)}`
    default:
      return event.type
  }
}

/** The numbers from 1 on, as texts. */
export const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i + 1}`)

/** Lets all datagrams pass but the one with this number, counted from 1. */
export function allBut(number: number): () => boolean {
  let count = 0
  return () => {
    count += 1
    return count !== number
  }
}
