import { Connection } from '../../lib/reliable/connection/connection.ts'
import { DataLink } from '../../lib/reliable/connection/data-link.ts'
import { PlainSealer } from '../../lib/security/plain.ts'
import { Fifo } from '../../lib/core/fifo.ts'
import { RateLimiter } from '../../lib/session/rate-limiter.ts'
import type { SessionEvent } from '../../lib/session/session.ts'
import { createStats } from '../../lib/session/stats.ts'
import { createSettings } from './settings.ts'

const tags = [new Uint8Array(8).fill(1), new Uint8Array(8).fill(2)] as const

/** A connection and its peer, which fit each other, without a network between them. */
export function createConnection(isClient = true): Connection {
  const settings = createSettings()
  const limiter = new RateLimiter(0, settings)
  return new Connection(0, { settings, limiter, sealer: createPlainSealer(isClient), stats: createStats() })
}

/** The sealer of one side. */
export function createPlainSealer(isClient: boolean): PlainSealer {
  const [client, server] = tags
  return isClient ? new PlainSealer(client, server) : new PlainSealer(server, client)
}

/** A data link of one side, its connection open after a handshake that took `rttMs`, and what it tells. */
export function openLink(
  isClient = true,
  settings = createSettings(),
  rttMs = 50,
): { link: DataLink; events: Fifo<SessionEvent> } {
  const events = new Fifo<SessionEvent>()
  const link = new DataLink(0, settings, events, {})
  const { mtuBytes, maxMessageBytes } = settings
  link.open(0, { sealer: createPlainSealer(isClient), limits: { mtuBytes, maxMessageBytes }, rttMs })
  return { link, events }
}
