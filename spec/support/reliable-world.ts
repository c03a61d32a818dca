import type { ConnectionTuning } from '../../lib/reliable/connection/connection.ts'
import type { ProtocolDependencies } from '../../lib/host/protocols.ts'
import type { SecurityFactory } from '../../lib/security/security.ts'
import type { ConnectToken } from '../../lib/session/session.ts'
import type { TicketCheckOptions } from '../../lib/security/ticket-check.ts'
import type { FrontDoorLimits } from '../../lib/session/hello-gate.ts'
import type { SessionSettings } from '../../lib/session/settings.ts'
import type { SimulationOptions } from '../../lib/simulator/index.ts'
import type { End } from './end.ts'
import { EndWorld, type ClientOptions, type PipeOptions, type ServerOptions } from './end-world.ts'
import { defaultSecurity } from './securities.ts'
import { createSettings } from './settings.ts'

/** A world whose server and clients speak the reliable protocol. */
export interface ReliableWorldOptions extends SimulationOptions, ConnectionTuning {
  readonly settings?: Partial<SessionSettings>
  readonly token?: string
  /** Default: what `SECURITY` names, else none. */
  readonly security?: SecurityFactory
  /** Whether the server's clients stay at its public port. Default false. */
  readonly isPortShared?: boolean
  readonly server?: ServerOptions
  /** What the front door takes, over the default. */
  readonly limits?: Partial<FrontDoorLimits> | undefined
  readonly tickets?: TicketCheckOptions | undefined
}

/** What differs between one client and the next. */
export interface ReliableClientOptions extends ClientOptions {
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
export class ReliableWorld extends EndWorld {
  readonly #options: ReliableWorldOptions

  constructor(options: ReliableWorldOptions) {
    const { isPortShared = false, limits, server = {}, tickets } = options
    const pipe = pipeOf(options)
    super(options, server, {
      options: { ...pipe.options, ...limits, ...(isPortShared && { privatePorts: 'shared' as const }) },
      tuning: { ...pipe.tuning, ...(tickets !== undefined && { tickets }) },
    })
    this.#options = options
  }

  /** Adds a client that dials with the world's settings, changed by its own. */
  dial(options: ReliableClientOptions = {}): End {
    const { settings, token, security, payload, connectToken, ...client } = options
    const world = this.#options
    const pipe = pipeOf({
      ...world,
      settings: { ...world.settings, ...settings },
      ...(token !== undefined && { token }),
      ...(security !== undefined && { security }),
    })
    const own = { ...(payload !== undefined && { payload }), ...(connectToken !== undefined && { connectToken }) }
    return this.addClient({ ...pipe, tuning: { ...pipe.tuning, ...own } }, client)
  }

  /** Adds a client and waits until both ends are connected. Returns both; throws when they never are. */
  connect(options: ReliableClientOptions = {}): { client: End; server: End } {
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

type Common = ConnectionTuning & Pick<ReliableWorldOptions, 'settings' | 'token' | 'security'>

function pipeOf(common: Common): PipeOptions {
  const { settings, token = DEFAULT_TOKEN, security = defaultSecurity() } = common
  const { redundancy, priorities, firstPacketNumber, firstSequence } = common
  const tuning: Partial<ProtocolDependencies> = {
    token,
    security,
    ...(redundancy !== undefined && { redundancy }),
    ...(priorities !== undefined && { priorities }),
    ...(firstPacketNumber !== undefined && { firstPacketNumber }),
    ...(firstSequence !== undefined && { firstSequence }),
  }
  return { options: createSettings(settings), tuning }
}
