/** How many values a sequence on the wire has; after the highest comes 0 again. */
export const SEQUENCE_COUNT = 0x1_0000

/**
 * How far sequence `a` is ahead of sequence `b`, from -32,768 to 32,767, where both count modulo 65,536 (RFC 1982): positive
 * when `a` is the newer one.
 */
export function sequenceDistance(a: number, b: number): number {
  return ((a - b) << 16) >> 16
}

/** The sequence that comes `step` after this one. */
export function sequenceAfter(sequence: number, step = 1): number {
  return (sequence + step) & 0xffff
}

/**
 * The whole packet number of which the wire carries the low 16 bits: the one nearest to the number after `largest`, the
 * highest of two that are equally near, and never below 0 (RFC 9000, appendix A.3).
 */
export function expandPacketNumber(lowBits: number, largest: number): number {
  const expected = largest + 1
  const distance = sequenceDistance(lowBits, expected % SEQUENCE_COUNT)
  const nearest = expected + (distance === -0x8000 ? 0x8000 : distance)
  return nearest < 0 ? nearest + SEQUENCE_COUNT : nearest
}
