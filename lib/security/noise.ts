import { copyBytes, isEqualConstantTime } from '../core/bytes.ts'
import { wipeKeys, type SealerKeys } from '../session/admission.ts'
import { AEAD_TAG_BYTES, X25519_BYTES, type Cryptography, type KeyPair } from './crypto.ts'
import { hkdf, hmac } from './hmac.ts'
import { NoiseHandshake } from './noise-handshake.ts'
import { noisePattern, type NoisePattern } from './noise-pattern.ts'
import { NoiseSealer } from './noise-sealer.ts'
import type { Sealer } from './sealer.ts'
import {
  securityKinds,
  type HandshakeBinding,
  type Initiator,
  type RandomBytes,
  type Responder,
  type Security,
  type SecurityFactory,
} from './security.ts'

/** HMAC-SHA-256 cut to 128 bits, as RFC 2104 §5 allows. */
const CHECK_BYTES = 16

const encoder = new TextEncoder()
/** What both ends say into their hash before anything else: what they speak, and its version. */
const prologueStart = Uint8Array.of(...encoder.encode('udpipe'), 1)
const preSharedKeyLabel = encoder.encode('udpipe 1 noise token')
const tokenCheckLabel = encoder.encode('udpipe 1 noise check token')
const NOTHING = new Uint8Array(0)

/** The two kinds of handshake there are. */
const kinds = {
  /** Whoever knows the token talks to whoever knows the token. */
  anonymous: { pattern: noisePattern('NNpsk0'), label: encoder.encode('udpipe 1 noise check NNpsk0') },
  /** The server is the one that has the private key. */
  pinned: { pattern: noisePattern('NKpsk0'), label: encoder.encode('udpipe 1 noise check NKpsk0') },
} as const

/** What {@link noiseSecurity} is made with, besides a token. */
export interface NoiseOptions {
  /** Client: the server's public key. Whoever does not have the private one is not talked to. */
  readonly serverKey?: Uint8Array | undefined
  /** Server: the private key. Clients that know its public key are served as well as those that do not. */
  readonly serverPrivateKey?: Uint8Array | undefined
}

/**
 * `security: 'noise'`: everything behind HELLO's first bytes is encrypted, under keys of this connection alone, which cannot be
 * found out afterwards, not even by who learns the token. Both ends prove that they know it.
 *
 * The handshake is `Noise_NNpsk0_25519_ChaChaPoly_SHA256`; for a client that pins the server's public key it is
 * `Noise_NKpsk0_25519_ChaChaPoly_SHA256`. That is enough to tell the server from another player who knows the same token: a
 * client needs no static key (as in IK), because the token or its connect token says who it is, and a server that proved itself only
 * in message 2 (as in NX) would have the HELLO read by whoever stands in for it.
 *
 * Message 1 is Noise's, followed by two checks, each an HMAC-SHA-256, cut to 16 bytes, of what is before it and of what else is bound
 * to it ({@link HandshakeBinding}). The second is under a key made of the pre-shared key and the server's public key. So whoever does not
 * know both is told off at the cost of one HMAC, or two at a server that has a key, before any Diffie-Hellman; and the check tells which
 * of the two patterns is spoken without a byte that others could read or change. The first is under a key made of the pre-shared key
 * alone. It is looked at only where the second is wrong: who proves the token by it has another server's key, and may be told so.
 */
export function noiseSecurity(crypto: Cryptography, options: NoiseOptions = {}): SecurityFactory {
  const { serverKey } = options
  const serverKeys = options.serverPrivateKey && crypto.keyPair(options.serverPrivateKey)
  return {
    create: (token, randomBytes) => new NoiseSecurity({ crypto, randomBytes, serverKey, serverKeys }, token),
    createSealer: ({ send, receive }) => new NoiseSealer(crypto, send, receive),
  }
}

/**
 * The pre-shared key of a token: HKDF-SHA-256 (RFC 5869) without a salt of its UTF-8 bytes, with the info `udpipe 1 noise token`.
 * It is as hard to guess as the token is: who sees a HELLO can try tokens on it as fast as they can hash.
 */
export function preSharedKeyOf(crypto: Cryptography, token: string): Uint8Array {
  return hkdf(crypto, NOTHING, encoder.encode(token), preSharedKeyLabel)
}

interface ProtocolDependencies {
  readonly crypto: Cryptography
  readonly randomBytes: RandomBytes
  readonly serverKey: Uint8Array | undefined
  readonly serverKeys: KeyPair | undefined
}

/** One pattern under one pre-shared key, with what the check of its message 1 is keyed by. */
interface Kind {
  readonly pattern: NoisePattern
  readonly preSharedKey: Uint8Array
  readonly checkKey: Uint8Array
  readonly tokenCheckKey: Uint8Array
}

class NoiseSecurity implements Security {
  readonly kind: number = securityKinds.indexOf('noise')
  readonly helloOverheadBytes: number = X25519_BYTES + AEAD_TAG_BYTES + 2 * CHECK_BYTES
  readonly connectOverheadBytes: number = X25519_BYTES + AEAD_TAG_BYTES
  readonly #dependencies: ProtocolDependencies
  readonly #preSharedKey: Uint8Array
  readonly #tokenCheckKey: Uint8Array
  /** What a server takes: with the token, so that they are made once. */
  readonly #served: readonly Kind[]

  constructor(dependencies: ProtocolDependencies, token: string) {
    this.#dependencies = dependencies
    this.#preSharedKey = preSharedKeyOf(dependencies.crypto, token)
    this.#tokenCheckKey = tokenCheckKeyOf(dependencies.crypto, this.#preSharedKey)
    this.#served = servedKinds(dependencies, this.#preSharedKey)
  }

  initiate({ prologue = NOTHING, preSharedKey = this.#preSharedKey }: HandshakeBinding = {}): Initiator {
    const { crypto, serverKey } = this.#dependencies
    const kind = createKind(crypto, preSharedKey, serverKey)
    const handshake = createHandshake(this.#dependencies, kind, prologue, true)
    return new NoiseInitiator(crypto, handshake, kind, prologue)
  }

  respond(message: Uint8Array, { prologue = NOTHING, preSharedKey }: HandshakeBinding = {}): Responder | undefined {
    if (message.length < this.helloOverheadBytes) return undefined
    const { crypto } = this.#dependencies
    const served = preSharedKey === undefined ? this.#served : servedKinds(this.#dependencies, preSharedKey)
    const kind = served.find(({ checkKey }) => isChecked(crypto, checkKey, message, prologue))
    if (kind === undefined) return undefined
    const handshake = createHandshake(this.#dependencies, kind, prologue, false)
    const payload = handshake.readMessage(message.subarray(0, message.length - 2 * CHECK_BYTES))
    return payload && new NoiseResponder(handshake, payload)
  }

  provesToken(message: Uint8Array, { prologue = NOTHING, preSharedKey }: HandshakeBinding = {}): boolean {
    if (message.length < this.helloOverheadBytes) return false
    const { crypto } = this.#dependencies
    const key = preSharedKey === undefined ? this.#tokenCheckKey : tokenCheckKeyOf(crypto, preSharedKey)
    return isChecked(crypto, key, message.subarray(0, message.length - CHECK_BYTES), prologue)
  }
}

class NoiseInitiator implements Initiator {
  readonly #crypto: Cryptography
  readonly #handshake: NoiseHandshake
  readonly #kind: Kind
  readonly #prologue: Uint8Array

  constructor(crypto: Cryptography, handshake: NoiseHandshake, kind: Kind, prologue: Uint8Array) {
    this.#crypto = crypto
    this.#handshake = handshake
    this.#kind = kind
    this.#prologue = prologue
  }

  writeHello(payload: Uint8Array, into: Uint8Array): number {
    const { checkKey, tokenCheckKey } = this.#kind
    const length = this.#appendCheck(tokenCheckKey, into, this.#handshake.writeMessage(payload, into))
    return this.#appendCheck(checkKey, into, length)
  }

  readConnect(message: Uint8Array): Uint8Array | undefined {
    return this.#handshake.isComplete ? undefined : this.#handshake.readMessage(message)
  }

  createSealer(): Sealer {
    const [own, other] = this.#handshake.split()
    return new NoiseSealer(this.#crypto, own, other)
  }

  wipe(): void {
    this.#handshake.wipe()
  }

  #appendCheck(key: Uint8Array, into: Uint8Array, length: number): number {
    const check = hmac(this.#crypto, key, into.subarray(0, length), this.#prologue)
    into.set(check.subarray(0, CHECK_BYTES), length)
    return length + CHECK_BYTES
  }
}

class NoiseResponder implements Responder {
  readonly payload: Uint8Array
  readonly #handshake: NoiseHandshake

  constructor(handshake: NoiseHandshake, payload: Uint8Array) {
    this.#handshake = handshake
    this.payload = payload
  }

  writeConnect(payload: Uint8Array, into: Uint8Array): number {
    return this.#handshake.writeMessage(payload, into)
  }

  takeKeys(): SealerKeys {
    const [receive, send] = this.#handshake.split()
    // What a platform's hash returns may lie in memory that it shares with other things.
    const keys = { send: copyBytes(send), receive: copyBytes(receive) }
    wipeKeys({ send, receive })
    return keys
  }
}

/** With a server's public key it is pinned, without one anonymous. */
function createKind(crypto: Cryptography, preSharedKey: Uint8Array, serverKey: Uint8Array | undefined): Kind {
  const { pattern, label } = serverKey === undefined ? kinds.anonymous : kinds.pinned
  const checkKey = hkdf(crypto, serverKey ?? NOTHING, preSharedKey, label)
  return { pattern, preSharedKey, checkKey, tokenCheckKey: tokenCheckKeyOf(crypto, preSharedKey) }
}

function tokenCheckKeyOf(crypto: Cryptography, preSharedKey: Uint8Array): Uint8Array {
  return hkdf(crypto, NOTHING, preSharedKey, tokenCheckLabel)
}

/** Whether a message ends in the check, by this key, of what is before it. */
function isChecked(crypto: Cryptography, key: Uint8Array, message: Uint8Array, prologue: Uint8Array): boolean {
  const offset = message.length - CHECK_BYTES
  const expected = hmac(crypto, key, message.subarray(0, offset), prologue)
  return isEqualConstantTime(expected, 0, message, offset, CHECK_BYTES)
}

function servedKinds({ crypto, serverKeys }: ProtocolDependencies, preSharedKey: Uint8Array): Kind[] {
  const anonymous = createKind(crypto, preSharedKey, undefined)
  return serverKeys === undefined ? [anonymous] : [anonymous, createKind(crypto, preSharedKey, serverKeys.publicKey)]
}

function createHandshake(
  { crypto, randomBytes, serverKey, serverKeys }: ProtocolDependencies,
  { pattern, preSharedKey }: Kind,
  prologue: Uint8Array,
  isInitiator: boolean,
): NoiseHandshake {
  const whole = new Uint8Array(prologueStart.length + prologue.length)
  whole.set(prologueStart, 0)
  whole.set(prologue, prologueStart.length)
  return new NoiseHandshake({
    crypto,
    pattern,
    isInitiator,
    prologue: whole,
    preSharedKeys: [preSharedKey],
    ...(isInitiator ? { remoteStaticKey: serverKey } : { staticKeys: serverKeys }),
    createEphemeralKey: () => randomBytes(X25519_BYTES),
  })
}
