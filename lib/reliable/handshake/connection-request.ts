import type { Ticket } from '../../security/connect-token.ts'
import type { Responder } from '../../security/security.ts'
import type { Address } from '../../core/address.ts'
import type { ConnectionRequest } from '../../session/front-door.ts'
import type { HelloPayload } from '../wire/handshake-payload.ts'

/** A HELLO that is worth looking at, and where it came from. */
export interface Visit {
  readonly hello: Uint8Array
  readonly id: Uint8Array
  /** The id as a key of a map. */
  readonly key: string
  readonly source: Address
  readonly network: string
}

/** A HELLO that proved the token, and all that is needed to answer it. */
export class ReliableConnectionRequest implements ConnectionRequest, Visit {
  readonly hello: Uint8Array
  readonly id: Uint8Array
  readonly key: string
  readonly source: Address
  readonly network: string
  readonly responder: Responder
  readonly payload: Uint8Array
  readonly limits: HelloPayload['limits']
  readonly resumeId: Uint8Array | undefined
  readonly ticket: Ticket | undefined

  constructor(visit: Visit, responder: Responder, payload: HelloPayload, ticket: Ticket | undefined) {
    this.hello = visit.hello
    this.id = visit.id
    this.key = visit.key
    this.source = visit.source
    this.network = visit.network
    this.responder = responder
    this.payload = payload.userPayload
    this.limits = payload.limits
    this.resumeId = payload.resumeId
    this.ticket = ticket
  }
}
