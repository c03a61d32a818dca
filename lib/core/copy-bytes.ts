/** A copy with memory of its own. `slice` would not do: of a `Buffer`, which is what a socket hands out, it is a view. */
export function copyBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes)
}
