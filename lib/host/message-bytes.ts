import { UDPipeError } from '../core/errors.ts'
import { show } from '../core/show.ts'
import { Peer } from './peer.ts'
import type { Text } from '../port/platform.ts'

/**
 * The bytes of a message: a string is encoded as UTF-8; bytes are taken as they are, and whoever keeps them makes a copy, because the
 * caller may write the next message into the same memory.
 *
 * @throws UDPipeError `ERR_ARGUMENT_INVALID`
 */
export function toBytes(message: string | Uint8Array, text: Text): Uint8Array {
  if (message instanceof Uint8Array) return message
  if (typeof message === 'string') return text.encode(message)
  const isPeer = (message as unknown) instanceof Peer
  const advice = isPeer ? ': the message comes first, send(message, peer).' : '.'
  throw new UDPipeError(
    'ERR_ARGUMENT_INVALID',
    `A message is a string or a Uint8Array, and this is ${show(message)}${advice}`,
  )
}
