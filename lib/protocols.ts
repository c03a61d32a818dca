import { ClassicClient } from './classic/client.ts'
import { ClassicFrontDoor } from './classic/front-door.ts'
import { describeClassic } from './classic/words.ts'
import { UDPipeError } from './errors.ts'
import type { Address } from './session/address.ts'
import type { Delivery } from './session/delivery.ts'
import type { FrontDoor } from './session/front-door.ts'
import type { ProtocolName, Session } from './session/session.ts'
import type { SessionSettings } from './session/settings.ts'

/** What a protocol's machines are handed, besides bytes and times. */
export interface Secrets {
  readonly token: string
  /** Uniform numbers from 0 up to, not including, 1. */
  readonly uniform: () => number
}

/** A protocol as the rest of the library sees it: how to make its machines, and the few facts that differ. */
export interface ProtocolEntry {
  /** How a message travels when neither the call nor its channel says. */
  readonly defaultDelivery: Delivery
  maxMessageBytes(settings: SessionSettings): number
  /** A datagram in a few words, for people. */
  describe(bytes: Uint8Array): string
  createClient(now: number, settings: SessionSettings, frontDoor: Address, secrets: Secrets): Session
  createFrontDoor(settings: SessionSettings, secrets: Secrets): FrontDoor
}

/**
 * The protocol of a name.
 *
 * @throws UDPipeError `ERR_UNSUPPORTED` when this version does not have it
 */
export function protocolNamed(name: ProtocolName): ProtocolEntry {
  const entry = entries[name]
  if (entry !== undefined) return entry
  throw new UDPipeError(
    'ERR_UNSUPPORTED',
    `This version does not speak the ${name} protocol; it speaks ${Object.keys(entries).join(', ')}.`,
  )
}

const entries: Readonly<Partial<Record<ProtocolName, ProtocolEntry>>> = {
  classic: {
    defaultDelivery: 'unreliable',
    maxMessageBytes: ({ maxMessageBytes, mtuBytes }) => Math.min(maxMessageBytes, mtuBytes),
    describe: describeClassic,
    createClient: (now, settings, frontDoor, { token, uniform }) =>
      new ClassicClient(now, settings, frontDoor, token, uniform),
    createFrontDoor: (settings, { token }) => new ClassicFrontDoor(settings, token),
  },
}
