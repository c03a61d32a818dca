import { randomFillSync } from 'node:crypto'

/** As many bytes as asked for that nobody can guess, from the operating system's generator. */
export function randomBytes(lengthBytes: number): Uint8Array {
  return randomFillSync(new Uint8Array(lengthBytes))
}
