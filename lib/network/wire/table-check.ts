/** What a program may send: tables within tables, and what they hold. */
export type TableValue =
  | undefined
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly TableValue[]
  | TableObject
  | ReadonlyMap<TableKey, TableValue>

/** A plain object: its own enumerable properties travel. */
export interface TableObject {
  readonly [key: string]: TableValue
}

/** What a Map may have for keys; NaN is none. */
export type TableKey = string | number | bigint | boolean

/** The top level of what is sent. */
export type Table = readonly TableValue[] | TableObject | ReadonlyMap<TableKey, TableValue>

/** Why a table cannot be sent. */
export interface TableProblem {
  readonly code: 'ERR_TABLE_INVALID' | 'ERR_MESSAGE_TOO_LARGE'
  readonly message: string
}

const MIN_INTEGER = -(2n ** 63n)
const MAX_INTEGER = 2n ** 64n - 1n
/** What MessagePack needs for a number that is no small integer. */
const FLOAT_BYTES = 9

/** Of what is still missing in the language's library as TypeScript knows it (ES2024), and not in Node 20. */
interface WellFormedString {
  isWellFormed(): boolean
}

/**
 * Looks through a table before anybody encodes it: whether it is one that can travel, and whether it can be small enough. It goes
 * to the depth first, so that a cycle is found at once, and stops as soon as the bytes that the table takes at the least are too many.
 */
export class TableCheck {
  problem: TableProblem | undefined
  /** Whether an encoder must be handed Maps in place of objects: these have keys that it would take for something else. */
  needsMaps = false
  /** Whether a property is undefined, and so not to be encoded. */
  hasUndefined = false
  /** How many values were looked at. */
  steps = 0

  #maxDepth = 0
  #maxBytes = 0
  /** The bytes that the table takes at the least. */
  #bytes = 0
  readonly #tables: (object | undefined)[] = []
  readonly #path: unknown[] = []

  /** Returns whether the table can travel; {@link problem} says why not. What a getter throws comes through. */
  run(table: unknown, maxDepth: number, maxBytes: number): boolean {
    this.problem = undefined
    this.needsMaps = false
    this.hasUndefined = false
    this.steps = 0
    this.#maxDepth = maxDepth
    this.#maxBytes = maxBytes
    this.#bytes = 0
    try {
      if (isTable(table)) return this.#checkTable(table as object, 0)
      return this.#fail(0, `${describe(table)} is no table: send an array, a plain object or a Map`)
    } finally {
      this.#forget()
    }
  }

  /** The program's objects are not kept. */
  #forget(): void {
    for (let i = 0; i < this.#path.length; i += 1) {
      if (this.#tables[i] === undefined) break
      this.#tables[i] = undefined
      this.#path[i] = undefined
    }
  }

  #checkTable(table: object, depth: number): boolean {
    if (depth >= this.#maxDepth) return this.#failDepth(table, depth)
    this.#tables[depth] = table
    if (Array.isArray(table)) return this.#checkArray(table, depth)
    if (table instanceof Map) return this.#checkMap(table, depth)
    return this.#checkObject(table as Record<string, unknown>, depth)
  }

  #checkArray(array: readonly unknown[], depth: number): boolean {
    if (!this.#grow(depth, 1)) return false
    for (let i = 0; i < array.length; i += 1) {
      this.#path[depth] = i
      if (!this.#checkValue(array[i], depth)) return false
    }
    return true
  }

  #checkObject(object: Record<string, unknown>, depth: number): boolean {
    if (!this.#grow(depth, 1)) return false
    for (const key in object) {
      if (!Object.hasOwn(object, key)) continue
      this.#path[depth] = key
      if (key === 'constructor' || key === 'toJSON') this.needsMaps = true
      const value = object[key]
      if (value === undefined) {
        this.hasUndefined = true
        continue
      }
      if (!this.#checkText(key, depth) || !this.#checkValue(value, depth)) return false
    }
    return true
  }

  #checkMap(map: ReadonlyMap<unknown, unknown>, depth: number): boolean {
    if (!this.#grow(depth, 1)) return false
    for (const [key, value] of map) {
      this.#path[depth] = key
      if (!this.#checkKey(key, map, depth) || !this.#checkValue(value, depth)) return false
    }
    return true
  }

  #checkKey(key: unknown, map: ReadonlyMap<unknown, unknown>, depth: number): boolean {
    switch (typeof key) {
      case 'string':
        return this.#checkText(key, depth)
      case 'boolean':
        return this.#grow(depth, 1)
      case 'number':
        if (Number.isNaN(key)) return this.#fail(depth + 1, 'NaN cannot be a key')
        return this.#grow(depth, 1)
      case 'bigint':
        if (BigInt(Number(key)) === key && map.has(Number(key))) {
          return this.#fail(depth + 1, `the keys ${key}n and ${Number(key)} are the same`)
        }
        return this.#checkBigint(key, depth)
      default:
        return this.#fail(depth + 1, `${describe(key)} cannot be a key`)
    }
  }

  #checkValue(value: unknown, depth: number): boolean {
    this.steps += 1
    switch (typeof value) {
      case 'string':
        return this.#checkText(value, depth)
      case 'number':
        return this.#grow(depth, Number.isInteger(value) && Math.abs(value) < 128 ? 1 : leastBytes(value))
      case 'boolean':
      case 'undefined':
        return this.#grow(depth, 1)
      case 'bigint':
        return this.#checkBigint(value, depth)
      case 'object':
        break
      default:
        return this.#fail(depth + 1, `${describe(value)} cannot travel`)
    }
    if (value === null) return this.#grow(depth, 1)
    if (isTable(value)) return this.#checkTable(value, depth + 1)
    if (isBinary(value)) return this.#grow(depth, value.length + 2)
    return this.#fail(depth + 1, `${describe(value)} cannot travel`)
  }

  #checkText(text: string, depth: number): boolean {
    // UTF-8 never has fewer bytes than the string has units.
    if (!this.#grow(depth, text.length + 1)) return false
    if ((text as unknown as WellFormedString).isWellFormed()) return true
    return this.#fail(depth + 1, 'a string has half of a surrogate pair, which is no character')
  }

  #checkBigint(value: bigint, depth: number): boolean {
    if (value >= MIN_INTEGER && value <= MAX_INTEGER) return this.#grow(depth, 1)
    return this.#fail(depth + 1, `${value}n has more than 64 bits`)
  }

  #grow(depth: number, bytes: number): boolean {
    this.#bytes += bytes
    if (this.#bytes <= this.#maxBytes) return true
    const where = pathOf(this.#path, depth)
    this.problem = {
      code: 'ERR_MESSAGE_TOO_LARGE',
      message: `This table has more than ${this.#maxBytes} bytes, which is maxTableBytes (counted up to ${where}): send it in parts, or raise the option.`,
    }
    return false
  }

  #failDepth(table: object, depth: number): false {
    this.#tables[depth] = table
    for (let inner = 1; inner <= depth; inner += 1) {
      const outer = this.#tables.indexOf(this.#tables[inner] ?? table)
      if (outer === inner) continue
      return this.#fail(
        inner,
        `a table cannot hold itself: this is ${pathOf(this.#path, outer)}, and it would never end`,
      )
    }
    return this.#fail(depth, `tables can be nested ${this.#maxDepth} deep (maxDepth), and this one is deeper`)
  }

  /** @param depth how much of the path leads to what is wrong */
  #fail(depth: number, what: string): false {
    this.problem = { code: 'ERR_TABLE_INVALID', message: `${pathOf(this.#path, depth)}: ${what}.` }
    return false
  }
}

/** Whether it is an array, a plain object or a Map, and not of a class that says more. */
export function isTable(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return (
    prototype === Object.prototype ||
    prototype === null ||
    (prototype === Array.prototype && Array.isArray(value)) ||
    (prototype === Map.prototype && value instanceof Map)
  )
}

/** Uint8Array and Node's Buffer, whose name is all that is known of it here. */
function isBinary(value: object): value is Uint8Array {
  if (!(value instanceof Uint8Array)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Uint8Array.prototype || value.constructor.name === 'Buffer'
}

function leastBytes(value: number): number {
  return Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? 2 : Number.isInteger(value) ? 5 : FLOAT_BYTES
}

/** As a program would write it: `table.players[3].owner`. */
function pathOf(path: readonly unknown[], length: number): string {
  let text = 'table'
  for (const key of path.slice(0, length)) {
    if (typeof key === 'string' && /^[A-Za-z_$][\w$]*$/.test(key)) text += `.${key}`
    else if (typeof key === 'string') text += `[${JSON.stringify(key.slice(0, 40))}]`
    else
      text += `[${typeof key === 'number' || typeof key === 'bigint' || typeof key === 'boolean' ? String(key) : describe(key)}]`
  }
  return text
}

function describe(value: unknown): string {
  if (value === undefined) return 'undefined'
  if (value === null) return 'null'
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'symbol') return 'a symbol'
  if (typeof value !== 'object') return `a ${typeof value}`
  const prototype = Object.getPrototypeOf(value) as { readonly constructor?: unknown } | null
  const name = typeof prototype?.constructor === 'function' ? prototype.constructor.name : ''
  if (name === '') return 'an object of an unnamed class'
  return `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name}`
}
