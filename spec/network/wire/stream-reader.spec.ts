import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Slab } from '../../../lib/network/wire/slab.ts'
import { StreamReader, type Reading } from '../../../lib/network/wire/stream-reader.ts'
import { fuzzRuns } from '../../support/fuzz-runs.ts'

function piece(length: number, byte = length & 0xff): Buffer {
  const bytes = Buffer.alloc(4 + length, byte)
  bytes.writeUInt32BE(length)
  return bytes
}

function read(reader: StreamReader): [Reading, number[]] {
  const lengths: number[] = []
  for (;;) {
    const reading = reader.next()
    if (reading !== 'complete') return [reading, lengths]
    for (let i = reader.start; i < reader.end; i += 1) {
      if (reader.bytes[i] !== ((reader.end - reader.start) & 0xff)) throw new Error('other bytes')
    }
    lengths.push(reader.end - reader.start)
  }
}

describe('a reader of pieces with lengths', () => {
  it('finds every piece, however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 700 }), { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 60 }),
        (lengths, cuts) => {
          const stream = Buffer.concat(lengths.map((length) => piece(length)))
          const reader = new StreamReader(1, 700)
          const found: number[] = []
          for (let at = 0, i = 0; at < stream.length; i += 1) {
            const end = at + (cuts[i % cuts.length] ?? 1)
            // Nobody else may change these bytes before they have been read, but afterwards.
            const chunk = Buffer.from(stream.subarray(at, end))
            reader.handleBytes(chunk)
            found.push(...read(reader)[1])
            chunk.fill(0)
            at = end
          }
          expect(found).toEqual(lengths)
          expect(reader.hasUnread).toBe(false)
        },
      ),
      fuzzRuns(1_000),
    )
  })

  it('finds what is too short or too long as soon as it has the length, also in parts', () => {
    for (const [length, reading] of [
      [4, 'too-short'],
      [5, 'incomplete'],
      [100, 'incomplete'],
      [101, 'too-long'],
      [2 ** 32 - 1, 'too-long'],
    ] as const) {
      const header = Buffer.alloc(4)
      header.writeUInt32BE(length)
      const [whole, inParts] = [new StreamReader(5, 100), new StreamReader(5, 100)]
      whole.handleBytes(header)
      expect([length, whole.next()]).toEqual([length, reading])
      for (const byte of header) {
        inParts.handleBytes(Buffer.of(byte))
        if (inParts.next() !== 'incomplete') break
      }
      expect([length, inParts.next()]).toEqual([length, reading])
    }
  })

  it('allocates for bytes that have arrived, and not for a length that was announced', () => {
    const reader = new StreamReader(1, 2 ** 26)
    const before = process.memoryUsage().arrayBuffers
    const header = Buffer.alloc(5)
    header.writeUInt32BE(2 ** 26)
    reader.handleBytes(header)
    reader.next()
    reader.handleBytes(Buffer.alloc(1_000))
    reader.next()
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024)
  })

  it('keeps what arrives before the last was read', () => {
    const reader = new StreamReader(1, 100)
    reader.handleBytes(piece(3))
    reader.handleBytes(piece(4))
    expect(read(reader)[1]).toEqual([3, 4])
  })
})

describe('a slab', () => {
  it('gives every piece memory of its own, from few large pieces', () => {
    let allocated = 0
    const slab = new Slab((lengthBytes) => {
      allocated += 1
      return new Uint8Array(lengthBytes)
    })
    const pieces = Array.from({ length: 100 }, (_, i) => slab.take(1_000).fill(i))
    expect(pieces.map((bytes) => bytes.at(-1))).toEqual(Array.from({ length: 100 }, (_, i) => i))
    expect(allocated).toBeLessThan(4)
    expect(slab.take(100_000)).toHaveLength(100_000)
  })
})
