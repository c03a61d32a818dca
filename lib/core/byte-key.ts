/** Some bytes that tell one thing from every other, as the key of a map. */
export function byteKey(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes)
}
