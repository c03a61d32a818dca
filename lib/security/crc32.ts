/** The polynomial of ISO 3309 and Ethernet, its bits reversed. */
const POLYNOMIAL = 0xedb88320

/** Four tables of 256, so that four bytes are taken in one step ("slicing by 4"): table `k` is for a byte that `k` more follow. */
const tables = createTables()

/** The CRC-32 of ISO 3309, as in Ethernet, gzip and PNG, of the first `length` bytes; a whole number from 0 to 2^32 - 1. */
export function crc32(bytes: Uint8Array, length: number): number {
  let crc = -1
  let i = 0
  for (; i + 4 <= length; i += 4) {
    const low = (bytes[i] ?? 0) | ((bytes[i + 1] ?? 0) << 8)
    const word = crc ^ (low | ((bytes[i + 2] ?? 0) << 16) | ((bytes[i + 3] ?? 0) << 24))
    const older = (tables[768 + (word & 0xff)] ?? 0) ^ (tables[512 + ((word >>> 8) & 0xff)] ?? 0)
    crc = older ^ (tables[256 + ((word >>> 16) & 0xff)] ?? 0) ^ (tables[word >>> 24] ?? 0)
  }
  for (; i < length; i += 1) crc = (crc >>> 8) ^ (tables[(crc ^ (bytes[i] ?? 0)) & 0xff] ?? 0)
  return ~crc >>> 0
}

function createTables(): Int32Array {
  const entries = new Int32Array(4 * 256)
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0)
    entries[byte] = crc
  }
  for (let i = 256; i < entries.length; i += 1) {
    const crc = entries[i - 256] ?? 0
    entries[i] = (crc >>> 8) ^ (entries[crc & 0xff] ?? 0)
  }
  return entries
}
