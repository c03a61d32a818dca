import { UDPipeError } from '../core/errors.ts'
import { integer } from '../options/kinds.ts'
import { wrongType } from './link/arguments.ts'
import { parse } from './link/options.ts'
import { TableCodec, type TableLimits } from './link/table-codec.ts'
import { FRAME_HEADER_BYTES } from './wire/frame.ts'
import { MAX_SCAN_DEPTH } from '../core/msgpack-scan.ts'
import type { Table } from './wire/table-check.ts'

/** How large a table may be, and how deep. */
export type TableOptions = Partial<TableLimits>

const MAX_TABLE_BYTES = 64 * 1024 * 1024
const parsers = {
  maxTableBytes: integer(1, MAX_TABLE_BYTES, MAX_TABLE_BYTES),
  maxDepth: integer(1, MAX_SCAN_DEPTH, 64),
}
let codec: TableCodec | undefined

/**
 * The bytes that a table travels as: one value of MessagePack. For files, and for other ways than a connection.
 *
 * @param options `maxTableBytes`, 64 MiB by default, and `maxDepth`, 64 by default
 * @throws UDPipeError `ERR_TABLE_INVALID`, `ERR_MESSAGE_TOO_LARGE`, `ERR_OPTION_UNKNOWN`, `ERR_OPTION_INVALID`, `ERR_DEPENDENCY_MISSING`
 */
export function encodeTable(table: Table, options?: TableOptions): Buffer {
  const limits = parse(options, parsers, 'encodeTable') as unknown as TableLimits
  codec ??= new TableCodec()
  return Buffer.from(codec.encode(table, limits).subarray(FRAME_HEADER_BYTES))
}

/**
 * The table that was encoded to these bytes. They are scanned first, so that bytes of anybody may be given.
 *
 * @param options as those of {@link encodeTable}
 * @throws UDPipeError `ERR_TABLE_MALFORMED`, which says what is wrong and at which byte, `ERR_MESSAGE_TOO_LARGE`, `ERR_ARGUMENT_INVALID`,
 *   `ERR_OPTION_UNKNOWN`, `ERR_OPTION_INVALID`, `ERR_DEPENDENCY_MISSING`
 */
export function decodeTable(bytes: Uint8Array, options?: TableOptions): Table {
  const { maxTableBytes, maxDepth } = parse(options, parsers, 'decodeTable') as unknown as TableLimits
  if (!(bytes instanceof Uint8Array)) throw wrongType('decodeTable', 'bytes', 'a Buffer or Uint8Array', bytes)
  if (bytes.length > maxTableBytes) {
    throw new UDPipeError(
      'ERR_MESSAGE_TOO_LARGE',
      `These are ${bytes.length} bytes and maxTableBytes is ${maxTableBytes}.`,
    )
  }
  codec ??= new TableCodec()
  const table = codec.decode(bytes, 0, bytes.length, maxDepth)
  if (table !== undefined) return table
  throw new UDPipeError('ERR_TABLE_MALFORMED', `These bytes are no table: ${codec.problem}.`)
}
