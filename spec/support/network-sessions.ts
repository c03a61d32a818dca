import { sessionCrypto } from '../../lib/network/transport/crypto.ts'
import { encodeFrame, frameTypes } from '../../lib/network/wire/frame.ts'
import { Session, type SessionEvent } from '../../lib/network/wire/session.ts'
import { Slab } from '../../lib/network/wire/slab.ts'

export const KEY_128 = '0c03ea65238dd2c25eb87ce563868098'
export const KEY_256 = `${KEY_128}${KEY_128}`
/** The three modes: the cipher key of each. */
export const modes = [
  ['without a key', ''],
  ['with a key of 128 bits', KEY_128],
  ['with a key of 256 bits', KEY_256],
] as const

export const LIMIT = 65_537
const slab = new Slab((lengthBytes) => new Uint8Array(lengthBytes))

export function makeSession(role: 'client' | 'server', cipherKeyHex: string, limit = LIMIT, seed?: number): Session {
  return new Session({
    role,
    cipherKey: cipherKeyHex === '' ? undefined : Uint8Array.from(Buffer.from(cipherKeyHex, 'hex')),
    limit,
    random: secretOf(seed ?? (role === 'client' ? 1 : 2)),
    crypto: sessionCrypto,
    slab,
  })
}

/** 32 bytes that are as good as any. */
export function secretOf(seed: number): Buffer {
  return Buffer.from(Array.from({ length: 32 }, (_, i) => (seed * 37 + i * 11) & 0xff))
}

/** A frame of a table that is this string of MessagePack, or no table at all: a session does not look into it. */
export function tableFrame(payload: string | Uint8Array): Uint8Array {
  return encodeFrame(frameTypes.table, typeof payload === 'string' ? Buffer.from(payload) : payload)
}

/** What a session would send now, as one. */
export function transmitted(session: Session): Buffer {
  const chunks: Uint8Array[] = []
  for (let chunk = session.pollTransmit(); chunk; chunk = session.pollTransmit()) chunks.push(Uint8Array.from(chunk))
  return Buffer.concat(chunks)
}

/** An event in a few words: a table as its payload. */
export function wordsOf(event: SessionEvent): string {
  switch (event.type) {
    case 'table':
      return `table ${Buffer.from(event.bytes.subarray(event.start, event.end)).toString()}`
    case 'closed':
      return `closed ${event.code} ${event.reason}`
    case 'failed':
      return `failed ${event.code}`
    default:
      return event.type
  }
}

/** Hands a session bytes in chunks of this size; it accepts whom it greets. Returns what came of it, in words. */
export function fed(session: Session, bytes: Uint8Array, chunkBytes = Infinity): string[] {
  const words: string[] = []
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    session.handleBytes(bytes.subarray(at, Math.min(bytes.length, at + chunkBytes)))
    for (let event = session.pollEvent(); event; event = session.pollEvent()) {
      words.push(wordsOf(event))
      if (event.type === 'greeted') session.accept()
    }
  }
  return words
}

/** Two sessions, and what each of them said and heard. */
export class SessionPair {
  readonly client: Session
  readonly server: Session
  readonly clientWords: string[] = []
  readonly serverWords: string[] = []
  readonly clientBytes: Buffer[] = []
  readonly serverBytes: Buffer[] = []

  constructor(
    clientKey: string,
    serverKey = clientKey,
    limits: readonly [client: number, server: number] = [LIMIT, LIMIT],
  ) {
    this.client = makeSession('client', clientKey, limits[0])
    this.server = makeSession('server', serverKey, limits[1])
  }

  /** Carries bytes both ways until nobody has any more to say. */
  run(): this {
    for (;;) {
      const fromClient = transmitted(this.client)
      this.clientBytes.push(fromClient)
      this.serverWords.push(...fed(this.server, fromClient))
      const fromServer = transmitted(this.server)
      this.serverBytes.push(fromServer)
      this.clientWords.push(...fed(this.client, fromServer))
      if (fromClient.length + fromServer.length === 0) return this
    }
  }

  sent(role: 'client' | 'server'): Buffer {
    return Buffer.concat(role === 'client' ? this.clientBytes : this.serverBytes)
  }
}
