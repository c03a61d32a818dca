/**
 * A second encoder and decoder of the wire of `udpipe/network`, written from lib/network/README.md alone, in the order of that prose.
 * They favour being read over being fast.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
} from 'node:crypto'

export type ProseRole = 'client' | 'server'

/** A frame by the name of its type. */
export interface ProseFrame {
  readonly type: 'READY' | 'TABLE' | 'PING' | 'PONG' | 'CLOSE'
  readonly payload: Buffer
}

const TYPES = ['READY', 'TABLE', 'PING', 'PONG', 'CLOSE'] as const

export class Malformed extends Error {}

function must(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Malformed(what)
}

// Hello

export interface ProseHello {
  readonly mode: number
  readonly limit: number
  readonly publicKey: Buffer
}

export function encodeHelloByTheProse({ mode, limit, publicKey }: ProseHello): Buffer {
  const hello = Buffer.alloc(48)
  hello.write('UDPN', 0, 'ascii')
  hello.writeUInt8(1, 4)
  hello.writeUInt8(mode, 5)
  hello.writeUInt32BE(limit, 8)
  publicKey.copy(hello, 16)
  return hello
}

export function decodeHelloByTheProse(hello: Buffer): ProseHello {
  must(hello.length === 48, 'a Hello has 48 bytes')
  must(hello.toString('ascii', 0, 4) === 'UDPN', 'UDPN')
  must(hello.readUInt8(4) === 1, 'version 1')
  must(hello.readUInt16BE(6) === 0 && hello.readUInt32BE(12) === 0, 'zero')
  const [mode, limit] = [hello.readUInt8(5), hello.readUInt32BE(8)]
  must(mode <= 2, 'a mode that there is')
  must(limit >= 1024, 'a limit of at least 1,024')
  return { mode, limit, publicKey: hello.subarray(16) }
}

// Frame

export function encodeFrameByTheProse({ type, payload }: ProseFrame): Buffer {
  const frame = Buffer.alloc(5 + payload.length)
  frame.writeUInt32BE(1 + payload.length, 0)
  frame.writeUInt8(TYPES.indexOf(type), 4)
  payload.copy(frame, 5)
  return frame
}

export function decodeFramesByTheProse(bytes: Buffer, limit: number): ProseFrame[] {
  const frames: ProseFrame[] = []
  for (let at = 0; at < bytes.length;) {
    must(bytes.length - at >= 4, 'a length that is cut off')
    const length = bytes.readUInt32BE(at)
    must(length >= 1 && length <= limit, 'a length from 1 to the limit')
    must(bytes.length - at - 4 >= length, 'a frame that is cut off')
    const type = TYPES[bytes.readUInt8(at + 4)]
    must(type !== undefined, 'a type that there is')
    frames.push({ type, payload: bytes.subarray(at + 5, at + 4 + length) })
    at += 4 + length
  }
  return frames
}

export function closeByTheProse(code: number, reason = ''): ProseFrame {
  const payload = Buffer.alloc(2)
  payload.writeUInt16BE(code)
  return { type: 'CLOSE', payload: Buffer.concat([payload, Buffer.from(reason)]) }
}

// Keys and records

/** The private key of 32 bytes, in the form that Node imports: PKCS #8 (RFC 8410) has these bytes before it. */
function importPrivateKey(secret: Buffer): KeyObject {
  const der = Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), secret])
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
}

function importPublicKey(bytes: Buffer): KeyObject {
  const der = Buffer.concat([Buffer.from('302a300506032b656e032100', 'hex'), bytes])
  return createPublicKey({ key: der, format: 'der', type: 'spki' })
}

interface Direction {
  key: Buffer
  counter: number
}

/** One side of a connection, with all that it knows. */
export class ProseSide {
  readonly hello: Buffer
  readonly #role: ProseRole
  readonly #cipherKey: Buffer
  readonly #privateKey: KeyObject | undefined
  readonly #limit: number
  #peerLimit = 0
  #own: Direction | undefined
  #theirs: Direction | undefined

  /** @param secret 32 bytes: the private key, or in mode 0 what stands in its place */
  constructor(role: ProseRole, cipherKeyHex: string, limit: number, secret: Buffer) {
    this.#role = role
    this.#cipherKey = Buffer.from(cipherKeyHex, 'hex')
    this.#limit = limit
    const mode = this.#cipherKey.length / 16
    this.#privateKey = mode === 0 ? undefined : importPrivateKey(secret)
    const publicKey =
      this.#privateKey === undefined
        ? secret
        : createPublicKey(this.#privateKey).export({ format: 'der', type: 'spki' }).subarray(-32)
    this.hello = encodeHelloByTheProse({ mode, limit, publicKey })
  }

  /** The other side's Hello has come. */
  agree(theirHello: Buffer): void {
    const { limit, publicKey, mode } = decodeHelloByTheProse(theirHello)
    must(mode === this.#cipherKey.length / 16, 'the own mode')
    this.#peerLimit = limit
    if (this.#privateKey === undefined) return
    const shared = diffieHellman({ privateKey: this.#privateKey, publicKey: importPublicKey(publicKey) })
    const isClient = this.#role === 'client'
    const hellos = isClient ? [this.hello, theirHello] : [theirHello, this.hello]
    const salt = createHash('sha256').update(Buffer.concat(hellos)).digest()
    const secret = Buffer.concat([this.#cipherKey, shared])
    const n = this.#cipherKey.length
    const output = Buffer.from(hkdfSync('sha256', secret, salt, 'udpipe/network 1', 2 * n))
    const [ofClient, ofServer] = [output.subarray(0, n), output.subarray(n)]
    this.#own = { key: isClient ? ofClient : ofServer, counter: 0 }
    this.#theirs = { key: isClient ? ofServer : ofClient, counter: 0 }
  }

  /** What is sent for these frames: as they are, or in one record. */
  encode(...frames: readonly ProseFrame[]): Buffer {
    return this.encodeText(Buffer.concat(frames.map(encodeFrameByTheProse)))
  }

  /** The same of any bytes. */
  encodeText(text: Buffer): Buffer {
    if (this.#own === undefined) return text
    const length = Buffer.alloc(4)
    length.writeUInt32BE(text.length + 16)
    const cipher = createCipheriv(gcmOf(this.#own.key), this.#own.key, nonceOf(this.#own))
    cipher.setAAD(length)
    const sealed = Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()])
    advance(this.#own)
    return Buffer.concat([length, sealed])
  }

  /** The frames of all that the other side sent behind its Hello. */
  decode(bytes: Buffer): ProseFrame[] {
    if (this.#theirs === undefined) return decodeFramesByTheProse(bytes, this.#limit)
    const frames: ProseFrame[] = []
    for (let at = 0, isFirst = true; at < bytes.length; isFirst = false) {
      const length = bytes.readUInt32BE(at)
      const greatest = isFirst ? 65_552 : Math.max(65_536, this.#limit + 4) + 16
      must(length >= 21 && length <= greatest && at + 4 + length <= bytes.length, 'the length of a record')
      frames.push(...decodeFramesByTheProse(this.#open(bytes.subarray(at, at + 4 + length)), this.#limit))
      at += 4 + length
    }
    return frames
  }

  get peerLimit(): number {
    return this.#peerLimit
  }

  #open(record: Buffer): Buffer {
    const direction = this.#theirs
    must(direction !== undefined, 'keys')
    const decipher = createDecipheriv(gcmOf(direction.key), direction.key, nonceOf(direction), { authTagLength: 16 })
    decipher.setAAD(record.subarray(0, 4))
    decipher.setAuthTag(record.subarray(-16))
    advance(direction)
    try {
      return Buffer.concat([decipher.update(record.subarray(4, -16)), decipher.final()])
    } catch {
      throw new Malformed('a record that does not open')
    }
  }
}

function gcmOf(key: Buffer): 'aes-128-gcm' | 'aes-256-gcm' {
  return key.length === 16 ? 'aes-128-gcm' : 'aes-256-gcm'
}

function nonceOf({ counter }: Direction): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeBigUInt64BE(BigInt(counter), 4)
  return nonce
}

function advance(direction: Direction): void {
  direction.counter += 1
  if (direction.counter < 2 ** 24) return
  const length = direction.key.length
  direction.key = Buffer.from(hkdfSync('sha256', direction.key, '', 'udpipe/network 1 rekey', length))
  direction.counter = 0
}
