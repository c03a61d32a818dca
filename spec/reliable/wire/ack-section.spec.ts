import { describe, expect, it } from 'vitest'
import {
  AckForm,
  AckSection,
  decodeAckDelay,
  encodeAckDelay,
  MAX_ACK_SECTION_BYTES,
} from '../../../lib/reliable/wire/ack-section.ts'
import { AckHistory } from '../../../lib/reliable/recovery/ack-history.ts'
import { Reader } from '../../../lib/core/reader.ts'
import { Writer } from '../../../lib/core/writer.ts'
import { Random } from '../../../lib/simulator/random.ts'
import { ackSource } from '../../support/packet-description.ts'

function filled(reach: number, isMissing: (distance: number) => boolean, largest = 100_000): AckSection {
  const ack = new AckSection()
  ack.fill(
    ackSource(largest, reach, (distance) => !isMissing(distance)),
    0,
  )
  return ack
}

function encoded(ack: AckSection): Uint8Array {
  const bytes = new Uint8Array(300)
  const writer = new Writer()
  writer.reset(bytes, 0, bytes.length)
  ack.encode(writer)
  return bytes.subarray(0, writer.position)
}

function decoded(bytes: Uint8Array, form: number): AckSection {
  const ack = new AckSection()
  const reader = new Reader()
  reader.reset(bytes, 0, bytes.length)
  expect(ack.decode(reader, form)).toBe(true)
  return ack
}

function ranges(ack: AckSection): [number, number][] {
  return Array.from({ length: ack.rangeCount }, (_, i) => [ack.newest[i] ?? -1, ack.oldest[i] ?? -1])
}

describe('AckSection', () => {
  it.each([
    { missing: [] as number[], form: AckForm.whole, bytes: 3 },
    { missing: [1], form: AckForm.bits8, bytes: 4 },
    { missing: [3, 8], form: AckForm.bits8, bytes: 4 },
    { missing: [9], form: AckForm.bits16, bytes: 5 },
    { missing: [1, 16], form: AckForm.bits16, bytes: 5 },
    { missing: [17], form: AckForm.bits32, bytes: 7 },
    { missing: [32], form: AckForm.bits32, bytes: 7 },
  ])('takes $bytes bytes when $missing of the 32 before the largest are missing', ({ missing, form, bytes }) => {
    const ack = filled(0, (distance) => missing.includes(distance))
    expect(ack.form).toBe(form)
    expect(ack.byteLength).toBe(bytes)
    expect(encoded(ack)).toHaveLength(bytes)
    expect(ranges(decoded(encoded(ack), form))).toEqual(ranges(ack))
  })

  it('states the runs that arrived, newest first', () => {
    expect(ranges(filled(0, (distance) => distance === 2 || (distance >= 5 && distance <= 7)))).toEqual([
      [0, 1],
      [3, 4],
      [8, 32],
    ])
  })

  it('needs no ranges to reach 32 packets back, and states all of them', () => {
    expect(filled(32, () => false)).toMatchObject({ form: AckForm.whole, reach: 32 })
  })

  it('uses ranges to reach further back', () => {
    const ack = filled(33, () => false)
    expect(ack).toMatchObject({ form: AckForm.ranges, reach: 33 })
    expect(ranges(decoded(encoded(ack), AckForm.ranges))).toEqual([[0, 33]])
  })

  it('needs no ranges when nothing arrived further back', () => {
    const ack = filled(1000, (distance) => distance > 20)
    expect(ack).toMatchObject({ form: AckForm.bits32, reach: 32 })
    expect(ranges(ack)).toEqual([[0, 20]])
  })

  it('ends with the oldest packet that arrived', () => {
    const ack = filled(1000, (distance) => distance === 10 || distance > 500)
    expect(ack.reach).toBe(500)
    expect(ranges(decoded(encoded(ack), AckForm.ranges))).toEqual([
      [0, 9],
      [11, 500],
    ])
  })

  it('states no more than 33 runs and 16,383 packets back, whatever it is asked for', () => {
    const striped = filled(16_000, (distance) => distance % 2 === 1)
    expect(striped).toMatchObject({ rangeCount: 33, reach: 64 })
    expect(filled(1_000_000, () => false).reach).toBe(16_383)
  })

  it('is never longer than it says it can be', () => {
    const wide = filled(16_383, (distance) => distance % 480 >= 200)
    expect(wide.rangeCount).toBe(33)
    expect(encoded(wide).length).toBe(wide.byteLength)
    expect(wide.byteLength).toBeLessThanOrEqual(MAX_ACK_SECTION_BYTES)
  })

  it('counts packets before the first one as received', () => {
    const history = new AckHistory(0)
    history.add(0, 0)
    history.add(2, 0)
    const ack = new AckSection()
    ack.fill(history, 0)
    expect(ranges(ack)).toEqual([
      [0, 0],
      [2, 32],
    ])
  })

  it('says of a history what the history says, whatever was lost', () => {
    const random = new Random(1)
    for (let round = 0; round < 200; round += 1) {
      const history = new AckHistory(0)
      const loss = random.uniform() * 0.6
      const count = random.integer(1, 300)
      for (let packetNumber = 0; packetNumber < count; packetNumber += 1) {
        if (!random.chance(loss)) history.add(packetNumber, 0)
      }
      if (history.isEmpty) continue
      const ack = new AckSection()
      ack.fill(history, 0)
      const read = decoded(encoded(ack), ack.form)
      for (let distance = 0; distance <= Math.min(read.reach, history.largest); distance += 1) {
        const isStated = ranges(read).some(([newest, oldest]) => distance >= newest && distance <= oldest)
        expect(isStated).toBe(history.has(history.largest - distance))
      }
    }
  })

  it('is used again without a trace of what it was before', () => {
    const ack = filled(1000, (distance) => distance % 7 === 3)
    ack.fill(
      ackSource(5000, 10, () => true),
      0,
    )
    expect(ack).toMatchObject({ form: AckForm.whole, rangeCount: 1, reach: 32 })
    expect(ranges(ack)).toEqual([[0, 32]])
  })
})

describe('the ack delay', () => {
  it('comes back within 1/32 of itself and one millisecond, and never longer', () => {
    for (let delayMs = 0; delayMs < 251; delayMs += 0.037) {
      const read = decodeAckDelay(encodeAckDelay(delayMs))
      expect(read).toBeLessThanOrEqual(delayMs)
      expect(delayMs - read).toBeLessThan((delayMs + 1) / 32 + 1e-9)
    }
  })

  it('has a byte of its own for every value', () => {
    for (let byte = 0; byte <= 0xff; byte += 1) expect(encodeAckDelay(decodeAckDelay(byte))).toBe(byte)
  })

  it('is said to be 251 ms when it is longer, and none when it is negative', () => {
    expect(decodeAckDelay(encodeAckDelay(100_000))).toBe(251)
    expect(decodeAckDelay(encodeAckDelay(-1))).toBe(0)
  })
})
