import { ReliableClient } from '../../lib/reliable/handshake/client.ts'
import type { ConnectionTuning } from '../../lib/reliable/connection/connection.ts'
import { ReliableFrontDoor } from '../../lib/reliable/handshake/front-door.ts'
import type { SecurityFactory } from '../../lib/security/security.ts'
import type { ConnectToken } from '../../lib/session/session.ts'
import type { TicketCheckOptions } from '../../lib/security/ticket-check.ts'
import { DEFAULT_FRONT_DOOR_LIMITS, type FrontDoorLimits } from '../../lib/session/hello-gate.ts'
import type { SessionSettings } from '../../lib/session/settings.ts'
import {
  Random,
  World,
  type ClientOptions,
  type Endpoint,
  type ServerOptions,
  type SimulationOptions,
} from '../../lib/simulator/index.ts'
import { defaultSecurity } from './securities.ts'
import { sessionsWith } from './sessions.ts'
import { createSettings } from './settings.ts'

/** A world whose server and clients speak the reliable protocol. */
export interface ReliableWorldOptions extends SimulationOptions, ConnectionTuning {
  readonly settings?: Partial<SessionSettings>
  readonly token?: string
  /** Default: what `SECURITY` names, else none. */
  readonly security?: SecurityFactory
  /** Whether the front door takes its clients for such that stay at its port. Default false. */
  readonly isPortShared?: boolean
  readonly server?: Omit<ServerOptions, 'frontDoors'>
  /** What the front door takes, over the default. */
  readonly limits?: Partial<FrontDoorLimits> | undefined
  readonly tickets?: TicketCheckOptions | undefined
}

/** What differs between one client and the next. */
export interface ReliableClientOptions extends Omit<ClientOptions, 'session'> {
  readonly settings?: Partial<SessionSettings>
  readonly token?: string
  /** Default: the world's. */
  readonly security?: SecurityFactory
  readonly payload?: Uint8Array
  readonly connectToken?: ConnectToken
}

/** The token of a world that names none. */
export const DEFAULT_TOKEN = 'open sesame'

/** A server of the reliable protocol, and clients as they are added. */
export class ReliableWorld extends World {
  readonly #options: ReliableWorldOptions

  constructor(options: ReliableWorldOptions) {
    const { settings, token = DEFAULT_TOKEN, security = defaultSecurity(), isPortShared, server } = options
    const tuning = tuningOf(options)
    super({
      ...options,
      server: {
        ...server,
        frontDoors: [
          ({ random }) => {
            const own = createSettings(settings)
            const randomBytes = bytesOf(random)
            const door = new ReliableFrontDoor(own, {
              token,
              security,
              randomBytes,
              isPortShared,
              limits: { ...DEFAULT_FRONT_DOOR_LIMITS, ...options.limits },
              tickets: options.tickets,
            })
            return { door, createSession: sessionsWith(own, { ...tuning, security, randomBytes }) }
          },
        ],
      },
    })
    this.#options = options
  }

  /** Adds a client that dials with the world's settings, changed by its own. */
  dial(options: ReliableClientOptions = {}): Endpoint {
    const { settings, token = DEFAULT_TOKEN, security = defaultSecurity() } = this.#options
    const tuning = tuningOf(this.#options)
    const own = createSettings({ ...settings, ...options.settings })
    return this.addClient({
      ...options,
      session: ({ now, random, server }) =>
        new ReliableClient(now, own, server, {
          ...tuning,
          token: options.token ?? token,
          security: options.security ?? security,
          randomBytes: bytesOf(random),
          connectToken: options.connectToken,
          ...(options.payload === undefined ? {} : { payload: options.payload }),
        }),
    })
  }

  /** Adds a client and waits until both ends are connected. Returns both; throws when they never are. */
  connect(options: ReliableClientOptions = {}): { client: Endpoint; server: Endpoint } {
    const client = this.dial(options)
    const isConnected = () =>
      client.session.state === 'connected' && this.serverEnd(client)?.session.state === 'connected'
    this.waitFor(isConnected, 20_000)
    const server = this.serverEnd(client)
    if (server === undefined || !isConnected()) {
      throw new Error(
        `No connection after 20 s: ${client.session.state} here, ${server?.session.state ?? 'nobody'} there.`,
      )
    }
    return { client, server }
  }
}

function tuningOf({ redundancy, priorities, firstPacketNumber }: ConnectionTuning): ConnectionTuning {
  return { redundancy, priorities, firstPacketNumber }
}

/** Bytes from a source of uniform numbers. */
function bytesOf(uniform: () => number): (length: number) => Uint8Array {
  const random = new Random(Math.floor(uniform() * 2 ** 32))
  return (length) => random.bytes(length)
}
