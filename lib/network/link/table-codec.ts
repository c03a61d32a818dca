import { isUtf8 } from 'node:buffer'
import { createRequire } from 'node:module'
import { MsgpackScan } from '../../core/msgpack-scan.ts'
import { UDPipeError } from '../../core/errors.ts'
import { FRAME_HEADER_BYTES, frameTypes, writeFrameHeader } from '../wire/frame.ts'
import { TableCheck, type Table } from '../wire/table-check.ts'
import { TableDecoder } from '../wire/table-decoder.ts'
import { withMaps } from '../wire/table-shape.ts'

/** As much of `msgpackr` as is used here. */
interface Msgpackr {
  readonly Packr: new (options: object) => {
    pack(value: unknown, encodeOptions: number): Buffer
    useBuffer(buffer: Buffer): void
  }
  readonly Unpackr: new (options: object) => {
    unpack(source: Uint8Array, options: { start: number; end: number }): unknown
  }
}

/** What a received table may be, and an encoded one. */
export interface TableLimits {
  readonly maxTableBytes: number
  readonly maxDepth: number
}

/** msgpackr's word for "leave so many bytes free before the value" (`RESERVE_START_SPACE`). */
const RESERVE_START_SPACE = 2048
/** After a larger table, the packer's buffer is replaced: it keeps the size of the largest table that it ever packed. */
const MAX_PACKER_BYTES = 256 * 1024
const PACKER_BYTES = 8 * 1024

// What a value takes in memory beside its bytes, as measured with V8 on 64 bits: more than 100 times its bytes for the smallest.
const VALUE_BYTES = 8
const TEXT_BYTES = 32
const BINARY_BYTES = 250
const ARRAY_BYTES = 48
const OBJECT_BYTES = 80
const MAP_BYTES = 240

/**
 * Encodes and decodes tables. What is sent is checked first, and throws when it cannot travel; what arrived is scanned first, and
 * never throws.
 */
export class TableCodec {
  /** Why {@link decode} returned nothing. */
  problem = ''
  /** About how many bytes the table that was decoded last takes in memory. */
  memoryBytes = 0

  readonly #check = new TableCheck()
  readonly #scan = new MsgpackScan(isUtf8)
  readonly #packer: InstanceType<Msgpackr['Packr']>
  /** Leaves out properties that are undefined, which takes twice as long. */
  readonly #skippingPacker: InstanceType<Msgpackr['Packr']>
  readonly #unpacker: InstanceType<Msgpackr['Unpackr']>
  readonly #decoder = new TableDecoder((bytes) => Buffer.from(bytes))
  readonly #range = { start: 0, end: 0 }

  /** @throws UDPipeError `ERR_DEPENDENCY_MISSING` */
  constructor() {
    const { Packr, Unpackr } = loadMsgpackr()
    const packing = { useRecords: false, encodeUndefinedAsNil: true, variableMapSize: true }
    this.#packer = new Packr(packing)
    this.#skippingPacker = new Packr({ ...packing, skipValues: [undefined] })
    this.#unpacker = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'auto', copyBuffers: true })
  }

  /**
   * A whole frame with this table.
   *
   * @throws UDPipeError `ERR_TABLE_INVALID` with the path to what cannot travel, `ERR_MESSAGE_TOO_LARGE`
   */
  encode(table: Table, { maxTableBytes, maxDepth }: TableLimits): Uint8Array {
    if (!this.#check.run(table, maxDepth, maxTableBytes)) {
      const { code, message } = this.#check.problem ?? { code: 'ERR_TABLE_INVALID', message: 'It is no table.' }
      throw new UDPipeError(code, message)
    }
    const value = this.#check.needsMaps ? withMaps(table) : table
    const packer = this.#check.hasUndefined ? this.#skippingPacker : this.#packer
    const frame = packer.pack(value, RESERVE_START_SPACE | FRAME_HEADER_BYTES)
    // All packers share one buffer.
    if (frame.buffer.byteLength > MAX_PACKER_BYTES) packer.useBuffer(Buffer.allocUnsafeSlow(PACKER_BYTES))
    if (frame.length - FRAME_HEADER_BYTES > maxTableBytes)
      throw tooLarge(frame.length - FRAME_HEADER_BYTES, maxTableBytes)
    writeFrameHeader(frame, frameTypes.table)
    return frame
  }

  /** The table that lies in `bytes` from `start` up to `end`; `undefined`, and a {@link problem}, when it is none. */
  decode(bytes: Uint8Array, start: number, end: number, maxDepth: number): Table | undefined {
    const scan = this.#scan
    if (!scan.run(bytes, start, end, maxDepth)) return this.#refuse(`${scan.problem}, at byte ${scan.offset}`)
    if (!scan.isTable) return this.#refuse('it is a single value, at byte 0')
    const isRegular = scan.hasPlainKeys && !scan.hasMark
    this.memoryBytes = end - start + memoryBytesOf(scan, isRegular)
    if (!isRegular) return this.#decoder.decode(bytes, start) as Table
    this.#range.start = start
    this.#range.end = end
    // Of a Buffer, the decoder makes Buffers.
    const source = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    try {
      return this.#unpacker.unpack(source, this.#range) as Table
    } catch (error) {
      // What has been scanned decodes; but what arrives must never throw, whatever the decoder makes of it.
      return this.#refuse((error as Error).message)
    }
  }

  #refuse(problem: string): Table | undefined {
    this.problem = problem
    return undefined
  }
}

/** About how much memory what was scanned takes, beside its bytes. */
function memoryBytesOf({ values, texts, binaries, arrays, maps }: MsgpackScan, isRegular: boolean): number {
  const ofMap = isRegular ? OBJECT_BYTES : MAP_BYTES
  return values * VALUE_BYTES + texts * TEXT_BYTES + binaries * BINARY_BYTES + arrays * ARRAY_BYTES + maps * ofMap
}

function tooLarge(lengthBytes: number, maxTableBytes: number): UDPipeError {
  return new UDPipeError(
    'ERR_MESSAGE_TOO_LARGE',
    `This table has ${lengthBytes} bytes and maxTableBytes is ${maxTableBytes}: send it in parts, or raise the option.`,
  )
}

/** Loaded on first use, and by `require`, so that who uses no tables needs no package. */
function loadMsgpackr(): Msgpackr {
  try {
    return createRequire(import.meta.url)('msgpackr') as Msgpackr
  } catch (cause) {
    throw new UDPipeError(
      'ERR_DEPENDENCY_MISSING',
      'udpipe/network needs the package msgpackr, which is not installed: npm install msgpackr',
      { cause },
    )
  }
}
