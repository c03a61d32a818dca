import { expect } from 'vitest'
import type { Address } from '../../lib/core/address.ts'
import type { Delivery } from '../../lib/session/delivery.ts'
import type { FrontDoor, FrontDoorEvent } from '../../lib/session/front-door.ts'
import type { Session, SessionEvent } from '../../lib/session/session.ts'
import type { SessionSettings } from '../../lib/session/settings.ts'
import {
  World,
  type ClientOptions,
  type Endpoint,
  type HostedDoor,
  type LinkOptions,
  type ServerOptions,
} from '../../lib/simulator/index.ts'
import { createSettings } from '../support/settings.ts'

/** A protocol, as the contract of `Session` and `FrontDoor` sees it. */
export interface ContractSubject {
  readonly name: string
  /** A delivery that the protocol has on channel 0. */
  readonly delivery: Delivery
  createClient(now: number, settings: SessionSettings, frontDoor: Address, secrets: ContractSecrets): Session
  createFrontDoor(settings: SessionSettings, secrets: ContractSecrets): HostedDoor
}

/** What a protocol's machines are handed, besides bytes and times. */
export interface ContractSecrets {
  readonly token: string
  /** Numbers from 0 up to, not including, 1. */
  readonly random: () => number
}

/** What differs from the usual world. */
export interface WorldChanges {
  readonly seed?: number
  readonly link?: LinkOptions
  readonly settings?: Partial<SessionSettings>
  readonly server?: Partial<ServerOptions>
}

/** What differs from the usual client. */
export interface ClientChanges extends Omit<ClientOptions, 'session'> {
  readonly settings?: Partial<SessionSettings>
  readonly token?: string
}

/** How long a datagram takes, where nothing else is said. */
export const DELAY_MS = 25
/** Settings of a client that gives up. */
export const NO_REDIAL: Partial<SessionSettings> = { reconnect: false }
const decoder = new TextDecoder()

/** The contract's world: a server of the subject's protocol, the clients that are added, and what all of them were told. */
export class ContractWorld extends World {
  readonly events: Map<Endpoint, SessionEvent[]>
  readonly doorEvents: FrontDoorEvent[]
  readonly #subject: ContractSubject
  readonly #settings: SessionSettings

  constructor(subject: ContractSubject, { seed = 1, link, settings, server }: WorldChanges = {}) {
    // Not every protocol keeps connections that were lost.
    const all = createSettings({ resumeWindowMs: 0, ...settings })
    const events = new Map<Endpoint, SessionEvent[]>()
    const doorEvents: FrontDoorEvent[] = []
    super({
      seed,
      link: { delayMs: DELAY_MS, ...link },
      server: {
        frontDoors: [({ random }) => subject.createFrontDoor(all, { token: 'secret', random })],
        onEvent: (event, endpoint) => note(events, event, endpoint),
        onFrontDoorEvent: (event) => doorEvents.push(event),
        ...server,
      },
    })
    this.#subject = subject
    this.#settings = all
    this.events = events
    this.doorEvents = doorEvents
  }

  /** The client's program starts to dial. */
  dial({ settings, token = 'secret', ...options }: ClientChanges = {}): Endpoint {
    const all = { ...this.#settings, ...settings }
    return this.addClient({
      ...options,
      session: ({ now, random, server }) => this.#subject.createClient(now, all, server, { token, random }),
      onEvent: (event, endpoint) => note(this.events, event, endpoint),
    })
  }

  /** Both ends, once they are connected. */
  connect(changes: ClientChanges = {}): { client: Endpoint; server: Endpoint } {
    const client = this.dial(changes)
    return { client, server: this.awaitConnected(client) }
  }

  /** Waits until both ends are connected and returns the server's. */
  awaitConnected(client: Endpoint, limitMs = 30_000): Endpoint {
    const isConnected = (): boolean =>
      client.session.state === 'connected' && this.serverEnd(client)?.session.state === 'connected'
    expect(this.waitFor(isConnected, limitMs), 'never connected').toBe(true)
    const server = this.serverEnd(client)
    if (server === undefined) throw new Error('The server has no session.')
    return server
  }

  send(endpoint: Endpoint, text: string): void {
    expect(endpoint.send(text, this.#subject.delivery)).toBe('accepted')
  }

  /** What an endpoint was told, but for signs of life. */
  story(endpoint: Endpoint): string[] {
    return (this.events.get(endpoint) ?? []).map(describeEvent).filter((line) => line !== 'ping' && line !== 'pong')
  }

  /** The same without whom it talks to: while a link is stalled, one protocol keeps its peer and the other does not. */
  storyOfStates(endpoint: Endpoint): string[] {
    return this.story(endpoint).filter((line) => !line.startsWith('peer'))
  }

  /** The texts that arrived at an endpoint. */
  texts(endpoint: Endpoint): string[] {
    return (this.events.get(endpoint) ?? []).flatMap((event) =>
      event.type === 'message' ? [decoder.decode(event.message)] : [],
    )
  }

  /** Forgets what was told so far. */
  clear(): void {
    this.events.clear()
  }

  /** Cuts or mends both links of a client. */
  setCut(client: Endpoint, isCut: boolean): void {
    this.uplink(client).configure({ lossRate: isCut ? 1 : 0 })
    this.downlink(client).configure({ lossRate: isCut ? 1 : 0 })
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

function note(events: Map<Endpoint, SessionEvent[]>, event: SessionEvent, endpoint: Endpoint): void {
  const list = events.get(endpoint)
  if (list === undefined) events.set(endpoint, [event])
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
