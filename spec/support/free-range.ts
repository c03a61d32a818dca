import { openSocket } from '../node/loopback.ts'

/** A range of ports, both ends included. */
export interface FreeRange {
  readonly min: number
  readonly max: number
}

/** A range in which every port of loopback is free; below the ports that systems give out by themselves, so that it stays so. */
export function freeRange(size: number): FreeRange {
  for (let min = firstPort; min + size < 32_000; min += size) {
    const range = { min, max: min + size - 1 }
    if (isFree(range)) {
      firstPort = range.max + 1
      return range
    }
  }
  throw new Error(`This machine has no ${size} free ports in a row.`)
}

/** Specs run in several processes at a time, and each begins to look elsewhere. */
let firstPort = 20_000 + (process.pid % 32) * 300

function isFree({ min, max }: FreeRange): boolean {
  const sockets: { close(): void }[] = []
  try {
    for (let port = min; port <= max; port += 1) sockets.push(openSocket({ port }))
    return true
  } catch {
    return false
  } finally {
    for (const socket of sockets) socket.close()
  }
}
