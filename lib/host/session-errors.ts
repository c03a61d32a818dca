import { UDPipeError, type Refusal } from '../core/errors.ts'
import { formatAddress, type Address } from '../core/address.ts'
import type { Delivery } from '../session/delivery.ts'
import type { ProtocolName } from '../session/session.ts'
import type { SessionSettings } from '../session/settings.ts'
import type { SessionStats } from '../session/stats.ts'

/** `ERR_MESSAGE_TOO_LARGE`: a message of `lengthBytes`, where `limitBytes` are allowed. */
export function messageTooLarge(lengthBytes: number, limitBytes: number): UDPipeError {
  return new UDPipeError(
    'ERR_MESSAGE_TOO_LARGE',
    `This message has ${lengthBytes} bytes and the limit is ${limitBytes}: send it in parts, or raise ` +
      `maxMessageBytes (and, for the classic protocol, mtuBytes).`,
  )
}

/** `ERR_MESSAGE_RESERVED`: a message that would be taken for a word of the protocol. */
export function messageReserved(): UDPipeError {
  return new UDPipeError(
    'ERR_MESSAGE_RESERVED',
    'This message is one of the classic protocol’s own words and would be taken for it; send it inside a longer message.',
  )
}

/** `ERR_UNSUPPORTED`: a way to send that the protocol does not have. */
export function deliveryUnsupported(
  protocol: ProtocolName,
  message: Uint8Array,
  delivery: Delivery,
  channel: number,
): UDPipeError {
  const what = message.length === 0 ? 'empty messages' : `'${delivery}' delivery on channel ${channel}`
  return new UDPipeError('ERR_UNSUPPORTED', `The ${protocol} protocol has no ${what}; the reliable protocol does.`)
}

/** `ERR_QUEUE_FULL`: what waits for a peer has reached a limit of the settings. */
export function queueFull(
  peerId: number,
  remote: Address,
  { queuedMessages, queuedBytes }: Readonly<SessionStats>,
  { maxQueuedMessages, maxQueuedBytes }: SessionSettings,
): UDPipeError {
  return new UDPipeError(
    'ERR_QUEUE_FULL',
    `The queue to peer ${peerId} (${formatAddress(remote)}) is full: ${queuedMessages} of ${maxQueuedMessages} messages, ` +
      `${queuedBytes} of ${maxQueuedBytes} bytes. Messages are refused until it drains; raise maxQueuedMessages or ` +
      `maxQueuedBytes, or send less while the peer is stalled.`,
  )
}

/** `ERR_REFUSED`: a server sent its client away. */
export function refused(remote: Address, { code, reason }: Refusal, willReconnect: boolean): UDPipeError {
  // The reason comes off the wire, and must not steer a terminal that this is printed on.
  const why = reason.replace(/\p{Cc}/gu, '\uFFFD') || 'it is full, or the tokens differ'
  return new UDPipeError(
    'ERR_REFUSED',
    `The server at ${formatAddress(remote)} said GO AWAY!: ${why}. ${nextStep(willReconnect)}`,
    { refusal: { code, reason } },
  )
}

/** `ERR_HANDSHAKE_TIMEOUT`: nobody answered a client in time. */
export function unanswered(remote: Address, handshakeTimeoutMs: number, willReconnect: boolean): UDPipeError {
  return new UDPipeError(
    'ERR_HANDSHAKE_TIMEOUT',
    `Nothing at ${formatAddress(remote)} completed the handshake within ${handshakeTimeoutMs} ms: is the server running, and ` +
      `does a firewall let UDP through to its port and its private ports? ${nextStep(willReconnect)}`,
  )
}

function nextStep(willReconnect: boolean): string {
  return willReconnect ? 'Dialing again.' : 'Giving up.'
}
