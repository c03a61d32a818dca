/** Some bytes that tell one thing from every other, as the key of a map. */
export function keyOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes)
}
