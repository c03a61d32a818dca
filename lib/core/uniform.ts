/**
 * Makes a source of numbers, even from 0 up to and not including 1, out of a source of random bytes: 53 bits each, as many as a double
 * can tell apart in that interval.
 */
export function uniformFrom(random: (lengthBytes: number) => Uint8Array): () => number {
  return () => {
    const bytes = random(8)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return ((view.getUint32(0) >>> 5) * 2 ** 26 + (view.getUint32(4) >>> 6)) / 2 ** 53
  }
}
