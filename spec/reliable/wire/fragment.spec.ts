import { describe, expect, it } from 'vitest'
import { isOversized, Reassembly, retain } from '../../../lib/reliable/wire/fragment.ts'
import { DeliveryCode, type Frame } from '../../../lib/reliable/wire/frame.ts'
import { Random } from '../../../lib/simulator/random.ts'
import { countingBytes, fragmentFrames, messageFrame } from '../../support/frames.ts'
import { fromHex } from '../../support/packet-description.ts'

const { reliable } = DeliveryCode

function assembled(frames: readonly Frame[]): Reassembly {
  const [first] = frames
  if (first === undefined) throw new RangeError('No frames')
  const reassembly = new Reassembly(first)
  for (const frame of frames) {
    expect(reassembly.isComplete).toBe(false)
    expect(reassembly.has(frame.index)).toBe(false)
    reassembly.add(frame)
    expect(reassembly.has(frame.index)).toBe(true)
  }
  return reassembly
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const keys = new Map(items.map((item) => [item, random.uniform()]))
  return items.toSorted((a, b) => (keys.get(a) ?? 0) - (keys.get(b) ?? 0))
}

function bufferBytes(): number {
  return process.memoryUsage().arrayBuffers
}

/** A last fragment of one byte, alone, that claims the size of the others. */
function lastFragmentClaiming(size: number): Frame {
  const frame = messageFrame(reliable, 0, Uint8Array.of(1))
  return Object.assign(frame, { isFragment: true, index: 1, last: 1, size })
}

describe('Reassembly', () => {
  it.each([257, 1024, 1025, 20_000])('puts a message of %d bytes together, in order', (length) => {
    const message = countingBytes(length)
    const reassembly = assembled(fragmentFrames(reliable, 5, message, 128))
    expect(reassembly.isComplete).toBe(true)
    expect(reassembly.receivedBytes).toBe(length)
    expect(Buffer.compare(reassembly.message(), message)).toBe(0)
  })

  it('does so in whatever order they arrive', () => {
    const random = new Random(1)
    for (let round = 0; round < 200; round += 1) {
      const message = countingBytes(random.integer(129, 5000), round)
      const frames = fragmentFrames(reliable, 5, message, 128)
      const ordered = round === 0 ? frames.toReversed() : shuffled(frames, random)
      expect(Buffer.compare(assembled(ordered).message(), message)).toBe(0)
    }
  })

  it('takes no more memory for one fragment than a few like it need, however large the message claims to be', () => {
    const [first] = fragmentFrames(reliable, 0, new Uint8Array(8_000_000), 1000)
    if (first === undefined) throw new Error('No frame')
    const before = bufferBytes()
    const reassemblies = Array.from({ length: 10 }, () => {
      const reassembly = new Reassembly(first)
      reassembly.add(first)
      return reassembly
    })
    expect(bufferBytes() - before).toBeLessThan(100_000)
    expect(reassemblies).toHaveLength(10)
  })

  it('believes no size that only the last fragment claims', () => {
    const frame = lastFragmentClaiming(16_000_000)
    const before = bufferBytes()
    const reassembly = new Reassembly(frame)
    reassembly.add(frame)
    expect(bufferBytes() - before).toBeLessThan(100_000)
    expect(reassembly.isComplete).toBe(false)
  })

  it('fits no fragment that says something else of its message', () => {
    const [first, second] = fragmentFrames(reliable, 0, countingBytes(300), 150)
    const [ofThree] = fragmentFrames(reliable, 0, countingBytes(400), 150)
    const [larger] = fragmentFrames(reliable, 0, countingBytes(300), 160)
    if (!first || !second || !ofThree || !larger) throw new Error('No frames')
    const reassembly = new Reassembly(first)
    expect(
      [second, ofThree, larger, messageFrame(reliable, 0, countingBytes(3))].map((frame) => reassembly.fits(frame)),
    ).toEqual([true, false, false, false])
  })
})

describe('isOversized', () => {
  it('judges a whole message by its length', () => {
    const frame = messageFrame(reliable, 0, countingBytes(100))
    expect([isOversized(frame, 100), isOversized(frame, 99)]).toEqual([false, true])
  })

  it('judges a fragmented one exactly by its last fragment, and by the others as well as can be', () => {
    const [first, last] = fragmentFrames(reliable, 0, countingBytes(250), 150)
    if (!first || !last) throw new Error('No frames')
    expect([isOversized(last, 250), isOversized(last, 249)]).toEqual([false, true])
    expect([isOversized(first, 151), isOversized(first, 150)]).toEqual([false, true])
  })
})

describe('retain', () => {
  it('copies a small part of a packet that is a Buffer, whose own slice is a view', () => {
    const frame = messageFrame(reliable, 0, fromHex('aabb'), { padding: 200 })
    frame.bytes = Buffer.from(frame.bytes)

    expect(retain(frame).buffer).not.toBe(frame.bytes.buffer)
  })

  it('copies a small part of a packet, and keeps a view of a large one', () => {
    const small = messageFrame(reliable, 0, fromHex('aabb'), { padding: 200 })
    const large = messageFrame(reliable, 0, countingBytes(300), { padding: 200 })
    expect(retain(small)).toEqual(fromHex('aabb'))
    expect(retain(small).buffer).not.toBe(small.bytes.buffer)
    expect(retain(large).buffer).toBe(large.bytes.buffer)
  })
})
