/** Whether bytes are well-formed UTF-8 (RFC 3629). */
export type Utf8Check = (bytes: Uint8Array) => boolean

/** How deep a scan can be asked to go. */
export const MAX_SCAN_DEPTH = 256

/** Maps with more keys are looked up in a `Set`; in smaller ones every two keys are compared. */
const MAX_COMPARED_KEYS = 16
/** A longer string is worth the view that the platform's check of UTF-8 needs. */
const LONG_STRING_BYTES = 48

const TWO_32 = 2 ** 32

/** What a key of a map is, beside its value. */
const keyKinds = { text: 1, integer: 2, fraction: 3, boolean: 4 } as const

/**
 * Looks through one value of MessagePack before anybody decodes it: one pass, without recursion, and without an allocation but for
 * maps of more than 16 keys. It never throws, and never reads outside of what it is given. Decoders believe what a header says; after
 * this scan they may.
 *
 * It accepts one value with nothing behind it, in which no length or count goes beyond the bytes that are there, no two keys of a map
 * are equal by value (1 and 1.0 are), keys are strings, numbers but NaN, booleans or binary UTF-8, strings are UTF-8, and there is
 * neither 0xC1 nor an extension. Specification: https://github.com/msgpack/msgpack/blob/master/spec.md
 */
export class MsgpackScan {
  /** What is wrong, in words; empty when nothing is. */
  problem = ''
  /** The byte, counted from the start of the value, at which it is wrong. */
  offset = 0
  /** Whether the value is a map or an array. */
  isTable = false
  /** Whether every key of every map is a string, and none is `__proto__`: whether plain objects can hold them. */
  hasPlainKeys = true
  /** Whether a string begins with U+FEFF, a byte order mark, which some decoders of UTF-8 drop. */
  hasMark = false
  /** How many values there are, keys and tables included. */
  values = 0
  /** How many of them are strings, binary data, arrays and maps. */
  texts = 0
  binaries = 0
  arrays = 0
  maps = 0

  readonly #isUtf8: Utf8Check
  #bytes: Uint8Array = NOTHING
  #start = 0
  #position = 0
  #end = 0
  #depth = 0
  #maxDepth = 0
  /** How many values are still to come, of all the tables that are open. */
  #due = 0
  readonly #left = new Float64Array(MAX_SCAN_DEPTH + 1)
  readonly #isMap = new Uint8Array(MAX_SCAN_DEPTH + 1)
  readonly #sets = new Array<Set<string | number | bigint | boolean> | undefined>(MAX_SCAN_DEPTH + 1)

  // The keys of the small maps that are open, those of the outermost first.
  readonly #firstKey = new Int32Array(MAX_SCAN_DEPTH + 1)
  #keys = 0
  readonly #keyKind = new Uint8Array((MAX_SCAN_DEPTH + 1) * MAX_COMPARED_KEYS)
  /** Of a text where it starts, of an integer its upper part, of a fraction itself, of a boolean 0 or 1. */
  readonly #keyValue = new Float64Array((MAX_SCAN_DEPTH + 1) * MAX_COMPARED_KEYS)
  /** Of a text its length, of an integer its lower 32 bits. */
  readonly #keyDetail = new Float64Array((MAX_SCAN_DEPTH + 1) * MAX_COMPARED_KEYS)

  /** @param isUtf8 a faster check for long strings, where the platform has one */
  constructor(isUtf8: Utf8Check = (bytes) => isUtf8Range(bytes, 0, bytes.length)) {
    this.#isUtf8 = isUtf8
  }

  /**
   * Scans what lies from `start` up to `end`.
   *
   * @param maxDepth how deep tables may be nested, 1 to 256; a table that holds none has the depth 1
   * @returns whether it is well formed; if not, {@link problem} and {@link offset} say what is wrong
   */
  run(bytes: Uint8Array, start: number, end: number, maxDepth: number): boolean {
    this.#begin(bytes, start, end, maxDepth)
    do {
      if (this.#position >= end) return this.#fail(end, 'it ends too early')
      if (!this.#takeValue()) return false
    } while (this.#depth > 0)
    this.#bytes = NOTHING
    return this.#position === end || this.#fail(this.#position, 'something follows it')
  }

  #begin(bytes: Uint8Array, start: number, end: number, maxDepth: number): void {
    this.problem = ''
    this.offset = 0
    this.isTable = false
    this.hasPlainKeys = true
    this.hasMark = false
    this.values = 0
    this.texts = 0
    this.binaries = 0
    this.arrays = 0
    this.maps = 0
    this.#bytes = bytes
    this.#start = start
    this.#position = start
    this.#end = end
    this.#depth = 0
    this.#maxDepth = Math.min(maxDepth, MAX_SCAN_DEPTH)
    this.#due = 1
    this.#keys = 0
  }

  #takeValue(): boolean {
    const at = this.#position
    const type = this.#bytes[at] ?? 0
    const depth = this.#depth
    // An even number of values is left of a map before each key.
    const isKey = depth > 0 && this.#isMap[depth] === 1 && (this.#left[depth] ?? 0) % 2 === 0
    this.#position = at + 1
    this.#due -= 1
    this.values += 1
    if (type >= 0xa0 && type < 0xc0) return this.#takeText(at, type & 0x1f, isKey)
    if (type < 0x80) return isKey ? this.#takeIntegerKey(at, 0, type) : this.#closeValue()
    if (type < 0x90) return this.#openTable(at, type & 0x0f, true, isKey)
    if (type < 0xa0) return this.#openTable(at, type & 0x0f, false, isKey)
    if (type >= 0xe0) return isKey ? this.#takeIntegerKey(at, -1, TWO_32 + type - 0x100) : this.#closeValue()
    return this.#takeMarked(at, type, isKey)
  }

  /** Values whose first byte only says what follows, from 0xC0 to 0xDF. */
  #takeMarked(at: number, type: number, isKey: boolean): boolean {
    switch (type) {
      case 0xc0:
        return isKey ? this.#fail(at, 'a key is nil') : this.#closeValue()
      case 0xc2:
      case 0xc3:
        return isKey ? this.#takeKey(at, keyKinds.boolean, type - 0xc2, 0) : this.#closeValue()
      case 0xc4:
      case 0xd9:
        return this.#takeSized(at, 1, type, isKey)
      case 0xc5:
      case 0xda:
        return this.#takeSized(at, 2, type, isKey)
      case 0xc6:
      case 0xdb:
        return this.#takeSized(at, 4, type, isKey)
      case 0xca:
        return this.#takeFloat(at, 4, isKey)
      case 0xcb:
        return this.#takeFloat(at, 8, isKey)
      case 0xcc:
      case 0xcd:
      case 0xce:
      case 0xcf:
        return this.#takeInteger(at, 2 ** (type - 0xcc), false, isKey)
      case 0xd0:
      case 0xd1:
      case 0xd2:
      case 0xd3:
        return this.#takeInteger(at, 2 ** (type - 0xd0), true, isKey)
      case 0xdc:
      case 0xde:
        return this.#takeCounted(at, 2, type === 0xde, isKey)
      case 0xdd:
      case 0xdf:
        return this.#takeCounted(at, 4, type === 0xdf, isKey)
      case 0xc1:
        return this.#fail(at, 'there is a byte 0xC1, which MessagePack never uses')
      default:
        return this.#fail(at, 'there is an extension, and none is known here')
    }
  }

  #takeSized(at: number, sizeBytes: number, type: number, isKey: boolean): boolean {
    if (!this.#has(sizeBytes)) return this.#fail(at, 'a length is cut off')
    const length = this.#unsigned(sizeBytes)
    return type >= 0xd9 ? this.#takeText(at, length, isKey) : this.#takeBinary(at, length, isKey)
  }

  #takeText(at: number, length: number, isKey: boolean): boolean {
    this.texts += 1
    if (!this.#has(length)) return this.#fail(at, 'a string is longer than what is left')
    const start = this.#position
    this.#position = start + length
    if (!this.#isText(start, length)) return this.#fail(at, 'a string is not UTF-8')
    if (length >= 3 && this.#bytes[start] === 0xef && this.#isMark(start)) this.hasMark = true
    if (!isKey) return this.#closeValue()
    if (length === PROTO.length && this.#isProto(start)) this.hasPlainKeys = false
    return this.#takeKey(at, keyKinds.text, start, length)
  }

  #takeBinary(at: number, length: number, isKey: boolean): boolean {
    this.binaries += 1
    if (!this.#has(length)) return this.#fail(at, 'binary data are longer than what is left')
    const start = this.#position
    this.#position = start + length
    if (!isKey) return this.#closeValue()
    if (!this.#isText(start, length)) return this.#fail(at, 'a key of binary data is not UTF-8')
    this.hasPlainKeys = false
    return this.#takeKey(at, keyKinds.text, start, length)
  }

  #takeInteger(at: number, sizeBytes: number, isSigned: boolean, isKey: boolean): boolean {
    if (!this.#has(sizeBytes)) return this.#fail(at, 'an integer is cut off')
    if (!isKey) {
      this.#position += sizeBytes
      return this.#closeValue()
    }
    let upper = sizeBytes === 8 ? this.#unsigned(4) : 0
    let lower = this.#unsigned(Math.min(sizeBytes, 4))
    const isNegative = isSigned && (sizeBytes === 8 ? upper >= TWO_32 / 2 : lower >= 2 ** (8 * sizeBytes - 1))
    if (isNegative) {
      if (sizeBytes < 4) lower += TWO_32 - 2 ** (8 * sizeBytes)
      upper = sizeBytes === 8 ? upper - TWO_32 : -1
    }
    return this.#takeIntegerKey(at, upper, lower)
  }

  #takeFloat(at: number, sizeBytes: number, isKey: boolean): boolean {
    if (!this.#has(sizeBytes)) return this.#fail(at, 'a float is cut off')
    if (!isKey) {
      this.#position += sizeBytes
      return this.#closeValue()
    }
    const value = this.#float(sizeBytes)
    if (Number.isNaN(value)) return this.#fail(at, 'a key is NaN')
    if (!Number.isInteger(value) || value < -(2 ** 63) || value >= 2 ** 64) {
      this.hasPlainKeys = false
      return this.#takeKey(at, keyKinds.fraction, value, 0)
    }
    // 1.0 is the key 1; an integral float has at most 53 bits, so that both parts are exact.
    const upper = Math.floor(value / TWO_32)
    return this.#takeIntegerKey(at, upper, value - upper * TWO_32)
  }

  #takeIntegerKey(at: number, upper: number, lower: number): boolean {
    this.hasPlainKeys = false
    return this.#takeKey(at, keyKinds.integer, upper, lower)
  }

  #takeCounted(at: number, sizeBytes: number, isMap: boolean, isKey: boolean): boolean {
    if (!this.#has(sizeBytes)) return this.#fail(at, 'a count is cut off')
    return this.#openTable(at, this.#unsigned(sizeBytes), isMap, isKey)
  }

  #openTable(at: number, count: number, isMap: boolean, isKey: boolean): boolean {
    if (isKey) return this.#fail(at, 'a key is a table')
    if (isMap) this.maps += 1
    else this.arrays += 1
    if (this.#depth === 0) this.isTable = true
    if (this.#depth >= this.#maxDepth) return this.#fail(at, `tables are nested deeper than ${this.#maxDepth}`)
    const values = isMap ? count * 2 : count
    this.#due += values
    // Every value has a byte at least: this bounds what a decoder allocates for all counts together.
    if (this.#due > this.#end - this.#position) return this.#fail(at, 'a count is larger than what is left')
    if (values === 0) return this.#closeValue()
    const depth = (this.#depth += 1)
    this.#left[depth] = values
    this.#isMap[depth] = isMap ? 1 : 0
    this.#firstKey[depth] = this.#keys
    this.#sets[depth] = isMap && count > MAX_COMPARED_KEYS ? new Set() : undefined
    return true
  }

  /** A value is complete, and with it perhaps the tables that it is the last of. */
  #closeValue(): true {
    while (this.#depth > 0) {
      const depth = this.#depth
      const left = (this.#left[depth] ?? 0) - 1
      this.#left[depth] = left
      if (left > 0) break
      this.#keys = this.#firstKey[depth] ?? 0
      this.#sets[depth] = undefined
      this.#depth = depth - 1
    }
    return true
  }

  #takeKey(at: number, kind: number, value: number, detail: number): boolean {
    if (kind === keyKinds.boolean) this.hasPlainKeys = false
    const set = this.#sets[this.#depth]
    const isNew = set === undefined ? this.#addCompared(kind, value, detail) : this.#addTo(set, kind, value, detail)
    return isNew ? this.#closeValue() : this.#fail(at, 'a map has a key twice')
  }

  #addCompared(kind: number, value: number, detail: number): boolean {
    for (let i = this.#firstKey[this.#depth] ?? 0; i < this.#keys; i += 1) {
      if (this.#keyKind[i] !== kind || this.#keyDetail[i] !== detail) continue
      const other = this.#keyValue[i] ?? 0
      if (kind === keyKinds.text ? this.#areSame(other, value, detail) : other === value) return false
    }
    this.#keyKind[this.#keys] = kind
    this.#keyValue[this.#keys] = value
    this.#keyDetail[this.#keys] = detail
    this.#keys += 1
    return true
  }

  #addTo(set: Set<string | number | bigint | boolean>, kind: number, value: number, detail: number): boolean {
    const { size } = set
    if (kind === keyKinds.text) set.add(this.#latin1(value, detail))
    else if (kind === keyKinds.integer) set.add(integerOf(value, detail))
    else if (kind === keyKinds.fraction) set.add(value)
    else set.add(value === 1)
    return set.size > size
  }

  #areSame(one: number, other: number, length: number): boolean {
    for (let i = 0; i < length; i += 1) if (this.#bytes[one + i] !== this.#bytes[other + i]) return false
    return true
  }

  /** A character for each byte: as different as the bytes are. */
  #latin1(start: number, length: number): string {
    let text = ''
    for (let i = start; i < start + length; i += 1) text += String.fromCharCode(this.#bytes[i] ?? 0)
    return text
  }

  #isProto(start: number): boolean {
    for (let i = 0; i < PROTO.length; i += 1) if (this.#bytes[start + i] !== PROTO[i]) return false
    return true
  }

  #isMark(start: number): boolean {
    return this.#bytes[start + 1] === 0xbb && this.#bytes[start + 2] === 0xbf
  }

  #isText(start: number, length: number): boolean {
    if (length > LONG_STRING_BYTES) return this.#isUtf8(this.#bytes.subarray(start, start + length))
    return isUtf8Range(this.#bytes, start, start + length)
  }

  #has(lengthBytes: number): boolean {
    return lengthBytes <= this.#end - this.#position
  }

  #unsigned(sizeBytes: number): number {
    let value = 0
    for (let i = 0; i < sizeBytes; i += 1) value = value * 256 + (this.#bytes[this.#position + i] ?? 0)
    this.#position += sizeBytes
    return value
  }

  #float(sizeBytes: number): number {
    for (let i = 0; i < sizeBytes; i += 1) floatBytes[i] = this.#bytes[this.#position + i] ?? 0
    this.#position += sizeBytes
    return sizeBytes === 4 ? floatView.getFloat32(0) : floatView.getFloat64(0)
  }

  #fail(at: number, problem: string): false {
    this.problem = problem
    this.offset = at - this.#start
    this.#bytes = NOTHING
    this.#sets.fill(undefined)
    return false
  }
}

const NOTHING = new Uint8Array(0)
const PROTO = new TextEncoder().encode('__proto__')
const floatBytes = new Uint8Array(8)
const floatView = new DataView(floatBytes.buffer)

/** A number where it is exact: a bigint and a number that are equal would be two members of a `Set`. */
function integerOf(upper: number, lower: number): number | bigint {
  const value = upper * TWO_32 + lower
  return Number.isSafeInteger(value) ? value : BigInt(upper) * 4_294_967_296n + BigInt(lower)
}

/** Whether what lies from `start` up to `end` is UTF-8 as RFC 3629 §4 has it: no surrogates, nothing longer than need be. */
export function isUtf8Range(bytes: Uint8Array, start: number, end: number): boolean {
  let i = start
  while (i < end) {
    const first = bytes[i] ?? 0
    i += 1
    if (first < 0x80) continue
    const length = utf8Tail(first)
    if (length === 0 || end - i < length) return false
    const second = bytes[i] ?? 0
    if (second < leastSecond(first) || second > greatestSecond(first)) return false
    for (let k = 1; k < length; k += 1) if (((bytes[i + k] ?? 0) & 0xc0) !== 0x80) return false
    i += length
  }
  return true
}

/** How many bytes follow the first one of a character that is not ASCII; 0 when none begins with it. */
function utf8Tail(first: number): number {
  if (first < 0xc2 || first > 0xf4) return 0
  return first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3
}

function leastSecond(first: number): number {
  if (first === 0xe0) return 0xa0
  return first === 0xf0 ? 0x90 : 0x80
}

function greatestSecond(first: number): number {
  if (first === 0xed) return 0x9f
  return first === 0xf4 ? 0x8f : 0xbf
}
