import type { SealerKeys } from '../session/admission.ts'
import type { Sealer } from './sealer.ts'

/** Returns as many unpredictable bytes as it is asked for; the caller keeps them. */
export type RandomBytes = (length: number) => Uint8Array

/** A kind of security, which both ends must have alike. */
export interface SecurityFactory {
  /** Makes the security of one end, for one token. */
  create(token: string, randomBytes: RandomBytes): Security
  /**
   * Makes a sealer from keys that a {@link Responder} handed out, whatever the token was and wherever that happened. It has its own
   * copies: the keys are overwritten.
   */
  createSealer(keys: SealerKeys): Sealer
}

/** What HELLO says of the kinds of security: the index in this list. */
export const securityKinds = ['none', 'noise'] as const

/** What a handshake is bound to, besides the token: both ends must have it alike. */
export interface HandshakeBinding {
  /** What travels beside the messages, such as a sealed connect token, and must arrive as it was sent. Default nothing. */
  readonly prologue?: Uint8Array | undefined
  /** 32 bytes that take the token's place, such as a connect token's. Default: those made of the token. */
  readonly preSharedKey?: Uint8Array | undefined
}

/** How many bytes at the start of message 1 tell one HELLO from every other. */
export const HELLO_ID_BYTES = 16

/**
 * What the handshake leaves to cryptography: two messages, each with a payload, after which both ends have proved that they
 * know the token and can make the two halves of one {@link Sealer}: the client at once, the server from {@link SealerKeys},
 * perhaps elsewhere.
 *
 * Message 1 travels in HELLO, message 2 in the front door's CONNECT; the first {@link HELLO_ID_BYTES} bytes of message 1 are
 * random. This is the shape of a Noise pattern of two messages, such as NNpsk0.
 */
export interface Security {
  /** What HELLO says, in the clear, of the kind of security: {@link securityKinds}. */
  readonly kind: number
  /** How many bytes message 1 is longer than its payload. */
  readonly helloOverheadBytes: number
  /** How many bytes message 2 is longer than its payload. */
  readonly connectOverheadBytes: number

  /** Begins a handshake, as the client. */
  initiate(binding?: HandshakeBinding): Initiator
  /** Reads message 1, as the front door; `undefined` when it does not prove the token. Keeps no view of it. Never throws. */
  respond(helloMessage: Uint8Array, binding?: HandshakeBinding): Responder | undefined
  /**
   * Whether a message 1 that {@link respond} does not take proves the token all the same, so that it was something else that its sender
   * has wrong: whoever knows the token may be told. Never throws.
   */
  provesToken(helloMessage: Uint8Array, binding?: HandshakeBinding): boolean
}

/** The client's side of one handshake. */
export interface Initiator {
  /** Writes message 1 to the start of `into` and returns its length. To be called once. */
  writeHello(payload: Uint8Array, into: Uint8Array): number
  /**
   * Reads message 2 and returns its payload; `undefined` when it does not prove the token or answers another HELLO,
   * which changes nothing: a later one may.
   */
  readConnect(message: Uint8Array): Uint8Array | undefined
  /** The client's sealer, once message 2 was read. To be called once. */
  createSealer(): Sealer
  /** Overwrites what is secret, when the handshake is given up. */
  wipe(): void
}

/** The front door's side of one handshake. */
export interface Responder {
  /** The payload of message 1. */
  readonly payload: Uint8Array
  /** Writes message 2 to the start of `into` and returns its length. To be called once. */
  writeConnect(payload: Uint8Array, into: Uint8Array): number
  /**
   * The server's keys, once message 2 was written: {@link SecurityFactory.createSealer} makes its sealer of them. They have memory
   * of their own, and whoever takes them sees to it that they are overwritten. To be called once.
   */
  takeKeys(): SealerKeys
}
