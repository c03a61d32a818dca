import type { Table, TableKey, TableValue } from '../network/index.ts'

/** A value as JSON has it. */
type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

// What JSON has no words for is an object with one of these names, and nothing else.
const BYTES = '$bytes'
const MAP = '$map'
const INTEGER = '$int'
const FLOAT = '$float'

/** A table as a line of JSON, without its end; {@link parseTable} reads it back. */
export function formatTable(table: Table): string {
  return JSON.stringify(toJson(table))
}

/**
 * The table of a line of JSON.
 *
 * @throws SyntaxError when it is no JSON, or no table
 */
export function parseTable(line: string): Table {
  const table = fromJson(JSON.parse(line) as Json)
  if (typeof table === 'object' && table !== null && !(table instanceof Uint8Array)) return table
  throw new SyntaxError('a table is an object or an array')
}

function toJson(value: TableValue): Json {
  if (value === undefined || value === null) return null
  if (typeof value === 'bigint') return { [INTEGER]: String(value) }
  if (typeof value === 'number') return Number.isFinite(value) ? value : { [FLOAT]: String(value) }
  if (typeof value !== 'object') return value
  if (value instanceof Uint8Array) return { [BYTES]: Buffer.from(value).toString('base64') }
  if (isList(value)) return value.map(toJson)
  if (value instanceof Map) {
    const entries = [...(value as ReadonlyMap<TableKey, TableValue>)]
    return { [MAP]: entries.map(([key, entry]) => [toJson(key), toJson(entry)]) }
  }
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, toJson(entry as TableValue)]))
}

function fromJson(json: Json): TableValue {
  if (json === null || typeof json !== 'object') return json
  if (isList(json)) return json.map(fromJson)
  const [[name, value] = [], ...others] = Object.entries(json)
  if (others.length === 0 && value !== undefined) {
    if (name === BYTES && typeof value === 'string') return Buffer.from(value, 'base64')
    if (name === INTEGER && typeof value === 'string') return BigInt(value)
    if (name === FLOAT && typeof value === 'string') return Number(value)
    if (name === MAP && isList(value)) return mapOf(value)
  }
  return Object.fromEntries(Object.entries(json).map(([key, entry]) => [key, fromJson(entry)]))
}

function mapOf(entries: readonly Json[]): TableValue {
  return new Map(
    entries.map((entry) => {
      const [key, value] = isList(entry) ? entry.map(fromJson) : []
      return [key as TableKey, value]
    }),
  )
}

/** What `Array.isArray` does not tell of arrays that are not to be changed. */
function isList<Item>(value: readonly Item[] | object | Json): value is readonly Item[] {
  return Array.isArray(value)
}
