import { copyBytes } from '../core/bytes.ts'
import { X25519_BYTES, type Cryptography, type KeyPair } from './crypto.ts'
import type { NoisePattern, NoiseToken } from './noise-pattern.ts'
import { SymmetricState } from './symmetric-state.ts'

/** What one end of a handshake brings along. */
export interface NoiseHandshakeOptions {
  readonly crypto: Cryptography
  readonly pattern: NoisePattern
  readonly isInitiator: boolean
  /** What both ends must have alike, without saying it. */
  readonly prologue: Uint8Array
  /** The pre-shared keys, 32 bytes each, in the order of their tokens. */
  readonly preSharedKeys: readonly Uint8Array[]
  /** Our own static key pair, where the pattern has one. */
  readonly staticKeys?: KeyPair | undefined
  /** The other side's static public key, where it is known before. */
  readonly remoteStaticKey?: Uint8Array | undefined
  /** A fresh private key for the ephemeral key pair, asked for when it is needed; it is overwritten after use. */
  readonly createEphemeralKey: () => Uint8Array
}

/** What a message may change: kept apart, so that one which turns out to be forged has changed nothing. */
interface Progress {
  readonly symmetric: SymmetricState
  remoteEphemeral: Uint8Array | undefined
  remoteStatic: Uint8Array | undefined
  pskCount: number
}

/**
 * One end of a Noise handshake (Noise Protocol Framework, revision 34, §5.3), of any pattern: {@link writeMessage} and
 * {@link readMessage} in the pattern's turn, then {@link split}. It has what a pattern of {@link NoisePattern} needs, no more.
 */
export class NoiseHandshake {
  readonly #options: NoiseHandshakeOptions
  #progress: Progress
  #ephemeral: KeyPair | undefined
  #messageCount = 0

  constructor(options: NoiseHandshakeOptions) {
    const { crypto, pattern, prologue, isInitiator, staticKeys, remoteStaticKey } = options
    this.#options = options
    const symmetric = new SymmetricState(crypto, pattern.protocolName)
    symmetric.mixHash(prologue)
    if (pattern.isResponderKnown) symmetric.mixHash(required(isInitiator ? remoteStaticKey : staticKeys?.publicKey))
    this.#progress = { symmetric, remoteEphemeral: undefined, remoteStatic: remoteStaticKey, pskCount: 0 }
  }

  /** Whether all messages have passed. */
  get isComplete(): boolean {
    return this.#messageCount === this.#options.pattern.messages.length
  }

  /** What both ends have alike, and no two handshakes. */
  get hash(): Uint8Array {
    return this.#progress.symmetric.hash
  }

  /** Writes the next message to the start of `into` and returns its length. */
  writeMessage(payload: Uint8Array, into: Uint8Array): number {
    const progress = this.#progress
    let length = 0
    for (const token of this.#nextTokens) {
      if (token === 'e') length += this.#writeEphemeral(into, length)
      else if (token === 's') length += this.#writeStatic(into, length)
      else this.#mix(token, progress)
    }
    into.set(payload, length)
    length += progress.symmetric.sealInPlace(into, length, payload.length)
    this.#messageCount += 1
    return length
  }

  /** Reads the next message and returns its payload; `undefined` when it is not that, which changes nothing. Never throws. */
  readMessage(message: Uint8Array): Uint8Array | undefined {
    const progress = { ...this.#progress, symmetric: this.#progress.symmetric.clone() }
    const payload = this.#read(message, progress)
    if (payload === undefined) {
      progress.symmetric.wipe()
      return undefined
    }
    this.#progress.symmetric.wipe()
    this.#progress = progress
    this.#messageCount += 1
    return payload
  }

  /** The key for what the initiator sends, and the one for what the responder sends. To be called once, at the end. */
  split(): [initiator: Uint8Array, responder: Uint8Array] {
    if (!this.isComplete) throw new Error('There are keys only after all messages of the handshake.')
    const keys = this.#progress.symmetric.split()
    this.wipe()
    return keys
  }

  /** Overwrites what is secret here; the handshake is of no use after that. */
  wipe(): void {
    this.#ephemeral?.wipe()
    this.#progress.symmetric.wipe()
  }

  get #nextTokens(): readonly NoiseToken[] {
    const tokens = this.#options.pattern.messages[this.#messageCount]
    if (tokens === undefined) throw new Error('All messages of the handshake have passed.')
    return tokens
  }

  #read(message: Uint8Array, progress: Progress): Uint8Array | undefined {
    const { symmetric } = progress
    let offset = 0
    for (const token of this.#nextTokens) {
      if (token === 'e' || token === 's') {
        const end = offset + X25519_BYTES + (token === 's' ? symmetric.overheadBytes : 0)
        if (end > message.length) return undefined
        const isRead = this.#readKey(token, copyBytes(message.subarray(offset, end)), progress)
        if (!isRead) return undefined
        offset = end
      } else {
        this.#mix(token, progress)
      }
    }
    return symmetric.open(message.subarray(offset))
  }

  #readKey(token: 'e' | 's', bytes: Uint8Array, progress: Progress): boolean {
    if (token === 'e') {
      progress.remoteEphemeral = bytes
      this.#mixEphemeral(bytes, progress)
      return true
    }
    progress.remoteStatic = progress.symmetric.open(bytes)
    return progress.remoteStatic !== undefined
  }

  #writeEphemeral(into: Uint8Array, offset: number): number {
    const privateKey = this.#options.createEphemeralKey()
    this.#ephemeral = this.#options.crypto.keyPair(privateKey)
    privateKey.fill(0)
    into.set(this.#ephemeral.publicKey, offset)
    this.#mixEphemeral(this.#ephemeral.publicKey, this.#progress)
    return X25519_BYTES
  }

  #writeStatic(into: Uint8Array, offset: number): number {
    into.set(required(this.#options.staticKeys).publicKey, offset)
    return this.#progress.symmetric.sealInPlace(into, offset, X25519_BYTES)
  }

  /** With a pre-shared key, the ephemeral one sees to it that no two handshakes seal under the same key (§9.2). */
  #mixEphemeral(publicKey: Uint8Array, { symmetric }: Progress): void {
    symmetric.mixHash(publicKey)
    if (this.#options.pattern.hasPsk) symmetric.mixKey(publicKey)
  }

  /** Mixes in what both ends have in common. */
  #mix(token: Exclude<NoiseToken, 'e' | 's'>, progress: Progress): void {
    if (token === 'psk') {
      progress.symmetric.mixKeyAndHash(required(this.#options.preSharedKeys[progress.pskCount]))
      progress.pskCount += 1
      return
    }
    const [initiatorKey, responderKey] = token
    const ownKey = this.#options.isInitiator ? initiatorKey : responderKey
    const remoteKey = this.#options.isInitiator ? responderKey : initiatorKey
    const pair = required(ownKey === 'e' ? this.#ephemeral : this.#options.staticKeys)
    const secret = pair.exchange(required(remoteKey === 'e' ? progress.remoteEphemeral : progress.remoteStatic))
    progress.symmetric.mixKey(secret)
    secret.fill(0)
  }
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('The handshake lacks a key that its pattern needs.')
  return value
}
