import { ClassicClient } from '../classic/client.ts'
import { ClassicFrontDoor } from '../classic/front-door.ts'
import { ClassicServerSession } from '../classic/server-session.ts'
import { describeClassic } from '../classic/words.ts'
import { ReliableClient, type HelloPayloadSource } from '../reliable/handshake/client.ts'
import type { ConnectionTuning } from '../reliable/connection/connection.ts'
import { describeReliable } from '../reliable/wire/describe.ts'
import { idOfConnect } from '../reliable/wire/handshake.ts'
import { ReliableFrontDoor } from '../reliable/handshake/front-door.ts'
import { ReliableServerSession } from '../reliable/connection/server-session.ts'
import type { SecurityFactory } from '../security/security.ts'
import type { TicketCheckOptions } from '../security/ticket-check.ts'
import type { Address } from '../core/address.ts'
import type { Admission, ServerSession } from '../session/admission.ts'
import type { Delivery } from '../session/delivery.ts'
import type { FrontDoor } from '../session/front-door.ts'
import { DEFAULT_FRONT_DOOR_LIMITS, type FrontDoorLimits, HelloGate } from '../session/hello-gate.ts'
import type { ConnectToken, ProtocolName, Session } from '../session/session.ts'
import type { SessionSettings } from '../session/settings.ts'
import { uniformFrom } from '../core/uniform.ts'

/** What a protocol's machines are handed, besides bytes and times. */
export interface ProtocolDependencies extends ConnectionTuning {
  readonly token: string
  /** How the packets of the reliable protocol are protected. */
  readonly security: SecurityFactory
  /** As many random bytes as asked for. */
  readonly randomBytes: (lengthBytes: number) => Uint8Array
  /** Whether a front door's clients stay at its own port. */
  readonly isPortShared: boolean
  /** Server: what its front doors take. */
  readonly limits?: FrontDoorLimits | undefined
  /** Server: what it takes to take connect tokens. */
  readonly tickets?: TicketCheckOptions | undefined
  /** Client: what the server's program is shown with the HELLO. Default none. */
  readonly payload?: Uint8Array | HelloPayloadSource | undefined
  /** Client: what it dials with in place of the token. */
  readonly connectToken?: ConnectToken | undefined
  readonly hasFreshTokens?: boolean | undefined
}

/** A protocol as the rest of the library sees it: how to make its machines, and the few facts that differ. */
export interface ProtocolEntry {
  /** How a message travels when neither the call nor its channel says. */
  readonly defaultDelivery: Delivery
  maxMessageBytes(settings: SessionSettings): number
  /** A datagram in a few words, for people. */
  describe(bytes: Uint8Array): string
  /** The id of the HELLO that a client's CONNECT names; `undefined` for every other datagram. */
  connectId(bytes: Uint8Array): Uint8Array | undefined
  createClient(now: number, settings: SessionSettings, frontDoor: Address, dependencies: ProtocolDependencies): Session
  createFrontDoor(settings: SessionSettings, dependencies: ProtocolDependencies): FrontDoor
}

/** Every protocol of this library, by its name. */
export const protocols: Readonly<Record<ProtocolName, ProtocolEntry>> = {
  classic: {
    defaultDelivery: 'unreliable',
    maxMessageBytes: ({ maxMessageBytes, mtuBytes }) => Math.min(maxMessageBytes, mtuBytes),
    describe: describeClassic,
    connectId: () => undefined,
    createClient: (now, settings, frontDoor, { token, randomBytes }) =>
      new ClassicClient(now, settings, frontDoor, token, uniformFrom(randomBytes)),
    createFrontDoor: (_settings, { token, limits, randomBytes }) =>
      new ClassicFrontDoor(token, new HelloGate(limits ?? DEFAULT_FRONT_DOOR_LIMITS, randomBytes)),
  },
  reliable: {
    defaultDelivery: 'reliable',
    maxMessageBytes: ({ maxMessageBytes }) => maxMessageBytes,
    describe: describeReliable,
    connectId: idOfConnect,
    createClient: (now, settings, frontDoor, dependencies) =>
      new ReliableClient(now, settings, frontDoor, dependencies),
    createFrontDoor: (settings, dependencies) => new ReliableFrontDoor(settings, dependencies),
  },
}

/**
 * Makes the session of a client that a front door of either protocol let in, here or elsewhere. The settings and the security are to be
 * the door's; the admission's keys are overwritten.
 */
export function createServerSession(
  now: number,
  settings: SessionSettings,
  admission: Admission,
  dependencies: Pick<ProtocolDependencies, 'security' | 'randomBytes' | keyof ConnectionTuning>,
): ServerSession {
  if (admission.protocol === 'classic') return new ClassicServerSession(now, settings, admission)
  const { security, randomBytes } = dependencies
  return new ReliableServerSession(now, { settings, admission, security, randomBytes, tuning: dependencies })
}
