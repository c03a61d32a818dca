/**
 * The same table with Maps in place of its plain objects, for an encoder that would take some of their keys for something else.
 * A property that is undefined stays away.
 */
export function withMaps(value: unknown): unknown {
  if (Array.isArray(value)) return Array.from(value, withMaps)
  if (value instanceof Map) return new Map(Array.from(value, ([key, entry]) => [key as unknown, withMaps(entry)]))
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined)
  return new Map(entries.map(([key, entry]) => [key, withMaps(entry)]))
}

/** Gives an object a property of its own, also where the name is `__proto__`. */
export function setOwn(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== '__proto__') object[name] = value
  else Object.defineProperty(object, name, { value, configurable: true, enumerable: true, writable: true })
}
