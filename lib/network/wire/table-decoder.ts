import { setOwn } from './table-shape.ts'

const textDecoder = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * Decodes a table that a scan has found to be well formed and that a fast decoder would not give back as it was: with keys that are
 * no strings, `__proto__` among them, or a string that begins with a byte order mark. A map whose keys are all strings becomes a
 * plain object, any other a Map. Binary data are strings where they are keys, and copies elsewhere.
 */
export class TableDecoder {
  readonly #copy: (bytes: Uint8Array) => Uint8Array
  #bytes: Uint8Array = new Uint8Array(0)
  #view: DataView = new DataView(this.#bytes.buffer)
  #position = 0

  /** @param copy how binary data are copied */
  constructor(copy: (bytes: Uint8Array) => Uint8Array) {
    this.#copy = copy
  }

  /** The value that begins at `start`. */
  decode(bytes: Uint8Array, start: number): unknown {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#position = start
    return this.#value(false)
  }

  #value(isKey: boolean): unknown {
    const type = this.#view.getUint8(this.#position)
    this.#position += 1
    if (type < 0x80) return type
    if (type < 0x90) return this.#map(type & 0x0f)
    if (type < 0xa0) return this.#array(type & 0x0f)
    if (type < 0xc0) return this.#text(type & 0x1f)
    if (type >= 0xe0) return type - 0x100
    if (type >= 0xcc && type <= 0xd3) return this.#integer(type)
    switch (type) {
      case 0xc2:
        return false
      case 0xc3:
        return true
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#binary(this.#unsigned(2 ** (type - 0xc4)), isKey)
      case 0xca:
        return this.#view.getFloat32(this.#skip(4))
      case 0xcb:
        return this.#view.getFloat64(this.#skip(8))
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#unsigned(2 ** (type - 0xd9)))
      case 0xdc:
      case 0xdd:
        return this.#array(this.#unsigned(2 ** (type - 0xdb)))
      case 0xde:
      case 0xdf:
        return this.#map(this.#unsigned(2 ** (type - 0xdd)))
      default:
        return null
    }
  }

  #map(count: number): unknown {
    const entries: [unknown, unknown][] = []
    let isObject = true
    for (let i = 0; i < count; i += 1) {
      const key = this.#value(true)
      if (typeof key !== 'string') isObject = false
      entries.push([key, this.#value(false)])
    }
    if (!isObject) return new Map(entries)
    const object: Record<string, unknown> = {}
    for (const [key, value] of entries) setOwn(object, key as string, value)
    return object
  }

  #array(count: number): unknown[] {
    const array: unknown[] = []
    for (let i = 0; i < count; i += 1) array.push(this.#value(false))
    return array
  }

  #text(length: number): string {
    const start = this.#skip(length)
    return textDecoder.decode(this.#bytes.subarray(start, start + length))
  }

  #binary(length: number, isKey: boolean): unknown {
    if (isKey) return this.#text(length)
    const start = this.#skip(length)
    return this.#copy(this.#bytes.subarray(start, start + length))
  }

  #integer(type: number): number | bigint {
    switch (type) {
      case 0xd0:
        return this.#view.getInt8(this.#skip(1))
      case 0xd1:
        return this.#view.getInt16(this.#skip(2))
      case 0xd2:
        return this.#view.getInt32(this.#skip(4))
      case 0xd3:
        return safe(this.#view.getBigInt64(this.#skip(8)))
      case 0xcf:
        return safe(this.#view.getBigUint64(this.#skip(8)))
      default:
        return this.#unsigned(2 ** (type - 0xcc))
    }
  }

  #unsigned(sizeBytes: number): number {
    const at = this.#skip(sizeBytes)
    if (sizeBytes === 1) return this.#view.getUint8(at)
    return sizeBytes === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at)
  }

  /** Goes on by so many bytes, and returns where they begin. */
  #skip(lengthBytes: number): number {
    const start = this.#position
    this.#position = start + lengthBytes
    return start
  }
}

/** As the fast decoder does: a number up to 2^53, where all are exact. */
function safe(value: bigint): number | bigint {
  return value >= -(2n ** 53n) && value <= 2n ** 53n ? Number(value) : value
}
