import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type GoldenPacket, goldenPackets } from '../../support/golden-packets.ts'
import { describePacket, encodePacket, fromHex, toHex } from '../../support/packet-description.ts'
import { decodeByTheProse } from '../../support/prose-decoder.ts'

const vectorsUrl = new URL('../../vectors/reliable-packets.json', import.meta.url)

// A change of the protocol has to be meant: `WRITE_VECTORS=1` writes down what the encoder makes now.
if (process.env['WRITE_VECTORS'] === '1') writeFileSync(vectorsUrl, `${JSON.stringify(goldenPackets(), null, 2)}\n`)

const vectors = JSON.parse(readFileSync(vectorsUrl, 'utf8')) as readonly GoldenPacket[]

describe('golden packets', () => {
  it('are all written down', () => {
    expect(vectors.map(({ name }) => name)).toEqual(goldenPackets().map(({ name }) => name))
  })

  it.each(vectors)('are read as they always were: $name', ({ hex, packet }) => {
    expect(describePacket(fromHex(hex))).toEqual(packet)
  })

  it.each(vectors)('are read so by a decoder that was written from the prose alone: $name', ({ hex, packet }) => {
    expect(decodeByTheProse(fromHex(hex))).toEqual(packet)
  })

  it.each(vectors.flatMap(({ name, hex, packet }) => (packet === null ? [] : [{ name, hex, packet }])))(
    'are written as they always were: $name',
    ({ hex, packet }) => {
      expect(toHex(encodePacket(packet))).toBe(hex)
    },
  )
})
