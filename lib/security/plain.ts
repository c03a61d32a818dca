import { wipeKeys, type SealerKeys } from '../session/admission.ts'
import { concatenate, copyBytes, isEqualConstantTime } from '../core/bytes.ts'
import { crc32 } from './crc32.ts'
import { HmacSha256 } from './hmac.ts'
import type { Sealer } from './sealer.ts'
import {
  HELLO_ID_BYTES,
  type HandshakeBinding,
  type Initiator,
  type RandomBytes,
  type Responder,
  type Security,
  type SecurityFactory,
  securityKinds,
} from './security.ts'

const NONCE_BYTES = HELLO_ID_BYTES
/** HMAC-SHA-256 cut to 128 bits, as RFC 2104 §5 allows. */
const PROOF_BYTES = 16
const MESSAGE_OVERHEAD_BYTES = NONCE_BYTES + PROOF_BYTES

/** The length of the tag that marks each packet of a connection. */
export const TAG_BYTES = 8
const CRC_BYTES = 4

const encoder = new TextEncoder()
const NOTHING = new Uint8Array(0)
// What a code is for is authenticated with it, so that none can be passed off as another.
const helloLabel = encoder.encode('udpipe 1 plain hello\0')
const connectLabel = encoder.encode('udpipe 1 plain connect\0')
const tagsLabel = encoder.encode('udpipe 1 plain tags\0')

/**
 * `security: 'none'`: what travels can be read, and changed by whoever sits on the path. Both ends prove that they know the
 * token, which does not travel, and an 8-byte tag in each packet keeps out those who cannot read the path. Mixed into it is a
 * checksum, because UDP's own lets one broken datagram in 65,536 through.
 *
 * Every message is `nonce (16) ‖ payload ‖ proof (16)`, with ‖ for concatenation and H for HMAC-SHA-256 keyed by the token's UTF-8
 * bytes, or by the key of the ticket that HELLO carries:
 *
 * - proof 1 = first 16 bytes of H("udpipe 1 plain hello\0" ‖ nonce 1 ‖ payload 1 ‖ what else is bound to it ‖ the length
 *   of that, `u16`)
 * - proof 2 = first 16 bytes of H("udpipe 1 plain connect\0" ‖ nonce 1 ‖ proof 1 ‖ nonce 2 ‖ payload 2)
 * - tags = first 16 bytes of H("udpipe 1 plain tags\0" ‖ nonce 1 ‖ proof 1 ‖ nonce 2 ‖ proof 2):
 *   8 for the packets of the client, then 8 for those of the server.
 *
 * The seal of a packet is its sender's tag, the last 4 bytes of it XORed with the CRC-32 of the packet, most significant byte
 * first.
 */
export const plainSecurity: SecurityFactory = {
  create: createPlainSecurity,
  createSealer: ({ send, receive }) => {
    const sealer = new PlainSealer(copyBytes(send), copyBytes(receive))
    wipeKeys({ send, receive })
    return sealer
  },
}

/** What a message of the handshake says, for anybody who sees it: a view. */
export function readPlainPayload(message: Uint8Array): Uint8Array {
  return splitMessage(message)?.payload ?? message.subarray(0, 0)
}

/** Appends its tag to each packet that leaves, and asks for the other's on each that arrives. */
export class PlainSealer implements Sealer {
  readonly overheadBytes: number = TAG_BYTES
  /** A tag is not used up. */
  readonly confidentialityLimit: number = Infinity
  /** Whoever guesses 64 bits has no better chances for having guessed before. */
  readonly integrityLimit: number = Infinity
  readonly #sendTag: Uint8Array
  readonly #receiveTag: Uint8Array
  /** The seal that a packet ought to have. */
  readonly #expected = new Uint8Array(TAG_BYTES)
  #isWiped = false

  /** Both tags are {@link TAG_BYTES} long; the other side has them the other way round. */
  constructor(sendTag: Uint8Array, receiveTag: Uint8Array) {
    this.#sendTag = sendTag
    this.#receiveTag = receiveTag
  }

  seal(_packetNumber: number, buffer: Uint8Array, _headerLength: number, length: number): number {
    writeSeal(this.#sendTag, crc32(buffer, length), buffer, length)
    return length + TAG_BYTES
  }

  open(_packetNumber: number, bytes: Uint8Array, headerLength: number): number {
    const length = bytes.length - TAG_BYTES
    if (length < headerLength || this.#isWiped) return -1
    writeSeal(this.#receiveTag, crc32(bytes, length), this.#expected, 0)
    return isEqualConstantTime(this.#expected, 0, bytes, length, TAG_BYTES) ? length : -1
  }

  /** The tags are no secret: they travel in every packet. */
  wipe(): void {
    this.#isWiped = true
  }
}

function createPlainSecurity(token: string, randomBytes: RandomBytes): Security {
  const hmac = new HmacSha256(encoder.encode(token))
  return {
    kind: securityKinds.indexOf('none'),
    helloOverheadBytes: MESSAGE_OVERHEAD_BYTES,
    connectOverheadBytes: MESSAGE_OVERHEAD_BYTES,
    initiate: (binding) => new PlainInitiator(keyed(hmac, binding), randomBytes(NONCE_BYTES), bound(binding)),
    respond: (message, binding) => readHello(keyed(hmac, binding), randomBytes, message, bound(binding)),
    // Nothing but the token is proved here.
    provesToken: () => false,
  }
}

/** The HMAC of this handshake: of the token, or of what takes its place. */
function keyed(hmac: HmacSha256, { preSharedKey }: HandshakeBinding = {}): HmacSha256 {
  return preSharedKey === undefined ? hmac : new HmacSha256(preSharedKey)
}

/** What a handshake is bound to, so written that none can be passed off as another with a part of the payload. */
function bound({ prologue = NOTHING }: HandshakeBinding = {}): Uint8Array {
  const bytes = new Uint8Array(prologue.length + 2)
  bytes.set(prologue, 0)
  new DataView(bytes.buffer).setUint16(prologue.length, prologue.length)
  return bytes
}

class PlainInitiator implements Initiator {
  readonly #hmac: HmacSha256
  readonly #nonce: Uint8Array
  readonly #binding: Uint8Array
  #transcript: Uint8Array = new Uint8Array(0)
  #tags: Uint8Array | undefined

  constructor(hmac: HmacSha256, nonce: Uint8Array, binding: Uint8Array) {
    this.#hmac = hmac
    this.#nonce = nonce
    this.#binding = binding
  }

  writeHello(payload: Uint8Array, into: Uint8Array): number {
    const proof = this.#hmac.authenticate(helloLabel, this.#nonce, payload, this.#binding).subarray(0, PROOF_BYTES)
    this.#transcript = concatenate(this.#nonce, proof)
    return writeMessage(this.#nonce, payload, proof, into)
  }

  readConnect(message: Uint8Array): Uint8Array | undefined {
    const parts = splitMessage(message)
    if (parts === undefined) return undefined
    const expected = this.#hmac.authenticate(connectLabel, this.#transcript, parts.nonce, parts.payload)
    if (!isEqualConstantTime(expected, 0, parts.proof, 0, PROOF_BYTES)) return undefined
    this.#tags = this.#hmac.authenticate(tagsLabel, this.#transcript, parts.nonce, parts.proof)
    return new Uint8Array(parts.payload)
  }

  createSealer(): Sealer {
    const [clientTag, serverTag] = splitTags(this.#tags)
    return new PlainSealer(clientTag, serverTag)
  }

  wipe(): void {
    this.#tags?.fill(0)
  }
}

class PlainResponder implements Responder {
  readonly payload: Uint8Array
  readonly #hmac: HmacSha256
  readonly #transcript: Uint8Array
  readonly #randomBytes: RandomBytes
  #tags: Uint8Array | undefined

  constructor(hmac: HmacSha256, transcript: Uint8Array, payload: Uint8Array, randomBytes: RandomBytes) {
    this.#hmac = hmac
    this.#transcript = transcript
    this.payload = payload
    this.#randomBytes = randomBytes
  }

  writeConnect(payload: Uint8Array, into: Uint8Array): number {
    const nonce = this.#randomBytes(NONCE_BYTES)
    const proof = this.#hmac.authenticate(connectLabel, this.#transcript, nonce, payload).subarray(0, PROOF_BYTES)
    this.#tags = this.#hmac.authenticate(tagsLabel, this.#transcript, nonce, proof)
    return writeMessage(nonce, payload, proof, into)
  }

  takeKeys(): SealerKeys {
    const [receive, send] = splitTags(this.#tags)
    return { send, receive }
  }
}

function readHello(
  hmac: HmacSha256,
  randomBytes: RandomBytes,
  message: Uint8Array,
  binding: Uint8Array,
): Responder | undefined {
  const parts = splitMessage(message)
  if (parts === undefined) return undefined
  const expected = hmac.authenticate(helloLabel, parts.nonce, parts.payload, binding)
  if (!isEqualConstantTime(expected, 0, parts.proof, 0, PROOF_BYTES)) return undefined
  return new PlainResponder(hmac, concatenate(parts.nonce, parts.proof), new Uint8Array(parts.payload), randomBytes)
}

function writeMessage(nonce: Uint8Array, payload: Uint8Array, proof: Uint8Array, into: Uint8Array): number {
  into.set(nonce, 0)
  into.set(payload, NONCE_BYTES)
  into.set(proof, NONCE_BYTES + payload.length)
  return MESSAGE_OVERHEAD_BYTES + payload.length
}

function splitMessage(message: Uint8Array): { nonce: Uint8Array; payload: Uint8Array; proof: Uint8Array } | undefined {
  const proofOffset = message.length - PROOF_BYTES
  if (proofOffset < NONCE_BYTES) return undefined
  return {
    nonce: message.subarray(0, NONCE_BYTES),
    payload: message.subarray(NONCE_BYTES, proofOffset),
    proof: message.subarray(proofOffset),
  }
}

function writeSeal(tag: Uint8Array, checksum: number, into: Uint8Array, offset: number): void {
  const crcOffset = TAG_BYTES - CRC_BYTES
  for (let i = 0; i < crcOffset; i += 1) into[offset + i] = tag[i] ?? 0
  for (let i = crcOffset; i < TAG_BYTES; i += 1) {
    into[offset + i] = (tag[i] ?? 0) ^ (checksum >>> (8 * (TAG_BYTES - 1 - i)))
  }
}

function splitTags(tags: Uint8Array | undefined): [client: Uint8Array, server: Uint8Array] {
  if (tags === undefined) throw new Error('There are keys only after both messages of the handshake.')
  return [tags.slice(0, TAG_BYTES), tags.slice(TAG_BYTES, 2 * TAG_BYTES)]
}
