import { Connection } from '../../lib/reliable/connection/connection.ts'
import { PlainSealer } from '../../lib/security/plain.ts'
import { RateLimiter } from '../../lib/session/rate-limiter.ts'
import { createStats, type SessionStats } from '../../lib/session/stats.ts'
import { createSettings } from './settings.ts'

const tags = [new Uint8Array(8).fill(1), new Uint8Array(8).fill(2)] as const

/** What differs from a connection with the usual settings. */
export interface ConnectionChanges {
  readonly settings?: ReturnType<typeof createSettings>
  readonly stats?: SessionStats
  readonly sealer?: PlainSealer
  readonly handshakeRttMs?: number
  readonly resumeId?: Uint8Array
}

/** A connection that has heard its peer; that of a client and that of a server fit each other, without a network between them. */
export function createConnection(isClient = true, changes: ConnectionChanges = {}): Connection {
  const connection = createUnheardConnection(isClient, changes)
  connection.hear()
  return connection
}

/** A connection that has yet to hear its peer. */
export function createUnheardConnection(isClient = true, changes: ConnectionChanges = {}): Connection {
  const { settings = createSettings(), stats = createStats(), ...more } = changes
  const limiter = new RateLimiter(0, settings)
  return new Connection(0, { settings, limiter, stats, sealer: createPlainSealer(isClient), ...more })
}

/** The sealer of one side. */
export function createPlainSealer(isClient: boolean): PlainSealer {
  const [client, server] = tags
  return isClient ? new PlainSealer(client, server) : new PlainSealer(server, client)
}
