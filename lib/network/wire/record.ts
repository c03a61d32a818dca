import { nextKey, TAG_BYTES, type SessionAead, type SessionCrypto } from './keys.ts'

/** The length before a record, and before a frame. */
export const LENGTH_BYTES = 4
/** What of frames goes in one record, unless a single frame is longer. */
export const MAX_RECORD_TEXT_BYTES = 65_536
/** The shortest record: a frame of a type and nothing else, and the tag. */
export const MIN_RECORD_BYTES = 21
/** The first record is no longer than this, because nobody has proved anything yet. */
export const MAX_FIRST_RECORD_BYTES: number = MAX_RECORD_TEXT_BYTES + TAG_BYTES

/** How many records are sealed with one key. */
export const RECORDS_PER_KEY: number = 2 ** 24

const NONCE_BYTES = 12
const COUNTER_START = 4

/** The longest record of a side that accepts frames of `limit` bytes. */
export function maxRecordBytes(limit: number): number {
  return Math.max(MAX_RECORD_TEXT_BYTES, limit + LENGTH_BYTES) + TAG_BYTES
}

/** The records of one direction: its key, its counter, and the next key when the counter has gone round. */
abstract class Records {
  protected readonly nonce: Uint8Array = new Uint8Array(NONCE_BYTES)
  protected readonly associatedData: Uint8Array = new Uint8Array(LENGTH_BYTES)
  protected aead: SessionAead
  readonly #crypto: SessionCrypto
  readonly #nonceView = new DataView(this.nonce.buffer)
  readonly #associatedView = new DataView(this.associatedData.buffer)
  #key: Uint8Array
  #counter: number

  /** @param counter how many records have been sealed with this key */
  constructor(crypto: SessionCrypto, key: Uint8Array, counter = 0) {
    this.#crypto = crypto
    this.#key = key
    this.#counter = counter
    this.aead = crypto.aead(key)
  }

  /** Sets nonce and associated data for the next record, whose sealed text has `lengthBytes`. */
  protected prepare(lengthBytes: number): void {
    if (this.#counter === RECORDS_PER_KEY) this.#rekey()
    // The upper half of the counter is never used: keys change long before.
    this.#nonceView.setUint32(COUNTER_START + 4, this.#counter)
    this.#associatedView.setUint32(0, lengthBytes)
    this.#counter += 1
  }

  #rekey(): void {
    this.#key = nextKey(this.#crypto, this.#key)
    this.#counter = 0
    this.aead = this.#crypto.aead(this.#key)
  }
}

/** Seals the records that one side sends. */
export class Sealer extends Records {
  /** Writes the record of `text` to `output` from `start` on: {@link recordLength} bytes. */
  seal(text: Uint8Array, output: Uint8Array, start: number): void {
    this.prepare(text.length + TAG_BYTES)
    output.set(this.associatedData, start)
    this.aead.seal(this.nonce, this.associatedData, text, output, start + LENGTH_BYTES)
  }
}

/** Opens the records of the other side. */
export class Opener extends Records {
  /** The text of the sealed bytes from `start` up to `end`; `undefined` when they are not the next record. */
  open(bytes: Uint8Array, start: number, end: number): Uint8Array | undefined {
    this.prepare(end - start)
    return this.aead.open(this.nonce, this.associatedData, bytes, start, end)
  }
}

/** How many bytes the record of a text takes. */
export function recordLength(textBytes: number): number {
  return LENGTH_BYTES + textBytes + TAG_BYTES
}

/** Reads the length that stands at `at`. */
export function readLength(bytes: Uint8Array, at: number): number {
  const upper = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
  return upper * 65_536 + ((bytes[at + 2] ?? 0) << 8) + (bytes[at + 3] ?? 0)
}
