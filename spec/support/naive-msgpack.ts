/**
 * Tables of MessagePack, encoded and decoded by the rules of lib/network/README.md alone: a value at a time, with exceptions and
 * without a thought of speed.
 */
import { Malformed } from './network-prose.ts'

/** The table that these bytes are. @throws Malformed */
export function decodeNaively(bytes: Uint8Array, maxDepth = 64): unknown {
  const reader = new Reader(Buffer.from(bytes), maxDepth)
  const table = reader.value(1)
  if (typeof table !== 'object' || table === null || Buffer.isBuffer(table)) throw new Malformed('no table')
  if (!reader.isAtEnd) throw new Malformed('something follows')
  return table
}

class Reader {
  readonly #bytes: Buffer
  readonly #maxDepth: number
  #at = 0

  constructor(bytes: Buffer, maxDepth: number) {
    this.#bytes = bytes
    this.#maxDepth = maxDepth
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  value(depth: number): unknown {
    const type = this.#take(1).readUInt8()
    if (type <= 0x7f) return type
    if (type <= 0x8f) return this.#map(type - 0x80, depth)
    if (type <= 0x9f) return this.#array(type - 0x90, depth)
    if (type <= 0xbf) return this.#text(type - 0xa0)
    if (type >= 0xe0) return type - 0x100
    switch (type) {
      case 0xc0:
        return null
      case 0xc2:
      case 0xc3:
        return type === 0xc3
      case 0xc4:
        return this.#take(this.#take(1).readUInt8())
      case 0xc5:
        return this.#take(this.#take(2).readUInt16BE())
      case 0xc6:
        return this.#take(this.#take(4).readUInt32BE())
      case 0xca:
        return this.#take(4).readFloatBE()
      case 0xcb:
        return this.#take(8).readDoubleBE()
      case 0xcc:
        return this.#take(1).readUInt8()
      case 0xcd:
        return this.#take(2).readUInt16BE()
      case 0xce:
        return this.#take(4).readUInt32BE()
      case 0xcf:
        return small(this.#take(8).readBigUInt64BE())
      case 0xd0:
        return this.#take(1).readInt8()
      case 0xd1:
        return this.#take(2).readInt16BE()
      case 0xd2:
        return this.#take(4).readInt32BE()
      case 0xd3:
        return small(this.#take(8).readBigInt64BE())
      case 0xd9:
        return this.#text(this.#take(1).readUInt8())
      case 0xda:
        return this.#text(this.#take(2).readUInt16BE())
      case 0xdb:
        return this.#text(this.#take(4).readUInt32BE())
      case 0xdc:
        return this.#array(this.#take(2).readUInt16BE(), depth)
      case 0xdd:
        return this.#array(this.#take(4).readUInt32BE(), depth)
      case 0xde:
        return this.#map(this.#take(2).readUInt16BE(), depth)
      case 0xdf:
        return this.#map(this.#take(4).readUInt32BE(), depth)
      default:
        throw new Malformed('C1 or an extension')
    }
  }

  #array(count: number, depth: number): unknown[] {
    if (depth > this.#maxDepth) throw new Malformed('too deep')
    const array: unknown[] = []
    for (let i = 0; i < count; i += 1) array.push(this.value(depth + 1))
    return array
  }

  #map(count: number, depth: number): unknown {
    if (depth > this.#maxDepth) throw new Malformed('too deep')
    const map = new Map<unknown, unknown>()
    const seen = new Set<string>()
    for (let i = 0; i < count; i += 1) {
      const key = this.#key(depth)
      const name = typeof key === 'string' ? `s${key}` : typeof key === 'boolean' ? `b${key}` : `n${numberName(key)}`
      if (seen.has(name)) throw new Malformed('a key twice')
      seen.add(name)
      map.set(key, this.value(depth + 1))
    }
    if ([...map.keys()].some((key) => typeof key !== 'string')) return map
    const object = {}
    for (const [key, value] of map) {
      Object.defineProperty(object, key as string, { value, enumerable: true, configurable: true, writable: true })
    }
    return object
  }

  #key(depth: number): string | number | bigint | boolean {
    const key = this.value(depth + 1)
    if (Buffer.isBuffer(key)) return decodeUtf8(key)
    if (typeof key === 'object' || Number.isNaN(key)) throw new Malformed('no key')
    return key as string | number | bigint | boolean
  }

  #text(length: number): string {
    return decodeUtf8(this.#take(length))
  }

  #take(count: number): Buffer {
    if (count > this.#bytes.length - this.#at) throw new Malformed('cut off')
    this.#at += count
    return Buffer.from(this.#bytes.subarray(this.#at - count, this.#at))
  }
}

function decodeUtf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new Malformed('no UTF-8')
  }
}

function small(value: bigint): number | bigint {
  return value >= -(2n ** 53n) && value <= 2n ** 53n ? Number(value) : value
}

/** The same for numbers that are equal. */
function numberName(key: number | bigint): string {
  if (typeof key === 'bigint') return String(key)
  return Number.isInteger(key) ? String(BigInt(key)) : String(key)
}

/** The bytes of a table; everything in the longest form that there is, which receivers take as well. */
export function encodeNaively(value: unknown): Buffer {
  if (value === null || value === undefined) return Buffer.of(0xc0)
  if (typeof value === 'boolean') return Buffer.of(value ? 0xc3 : 0xc2)
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(9, 0xcb)
    bytes.writeDoubleBE(value, 1)
    return bytes
  }
  if (typeof value === 'bigint') {
    const bytes = Buffer.alloc(9, value < 0n ? 0xd3 : 0xcf)
    if (value < 0n) bytes.writeBigInt64BE(value, 1)
    else bytes.writeBigUInt64BE(value, 1)
    return bytes
  }
  if (typeof value === 'string') return Buffer.concat([header(0xdb, Buffer.byteLength(value)), Buffer.from(value)])
  if (value instanceof Uint8Array) return Buffer.concat([header(0xc6, value.length), value])
  if (Array.isArray(value)) return Buffer.concat([header(0xdd, value.length), ...value.map(encodeNaively)])
  const entries = value instanceof Map ? [...value] : Object.entries(value)
  return Buffer.concat([header(0xdf, entries.length), ...entries.flat().map(encodeNaively)])
}

function header(type: number, count: number): Buffer {
  const bytes = Buffer.alloc(5, type)
  bytes.writeUInt32BE(count, 1)
  return bytes
}
