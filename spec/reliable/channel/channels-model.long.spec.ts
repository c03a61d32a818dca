import { describe, expect, it } from 'vitest'
import type { CopyPolicy } from '../../../lib/reliable/channel/copies.ts'
import { deliveries, type Delivery } from '../../../lib/session/delivery.ts'
import { Random } from '../../../lib/simulator/random.ts'
import { ChannelPair, type ChannelPairOptions, type Side } from '../../support/channel-pair.ts'

const SEEDS = 300

/** What was sent one way, and by which its payload is known again. */
interface Sent {
  readonly id: number
  readonly delivery: Delivery
  readonly channel: number
  readonly message: Uint8Array
}

const copies: CopyPolicy = { copies: 3, gapMs: 10, lateAfterMs: 60, lateGapMs: 20 }

/** Bytes that follow from the id, which they begin with when there is room. */
function payload(id: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = (id * 2654435761) >>> 0
  for (let i = 0; i < length; i += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    bytes[i] = state >>> 24
  }
  new DataView(bytes.buffer).setUint32(0, id)
  return bytes
}

function idOf(message: Uint8Array): number {
  return new DataView(message.buffer, message.byteOffset, message.length).getUint32(0)
}

function length(random: Random, largest: number): number {
  if (random.chance(0.7)) return random.integer(4, 100)
  if (random.chance(0.6)) return random.integer(4, 1300)
  return random.integer(1000, largest)
}

/** Sends messages of these deliveries both ways over a bad path, lets it mend, and checks what arrived. */
function play(seed: number, mix: readonly Delivery[], options: Omit<ChannelPairOptions, 'seed'>): void {
  const random = new Random(seed)
  const pair = new ChannelPair({ seed, ...options })
  const sent = new Map<Side, Sent[]>([
    [pair.a, []],
    [pair.b, []],
  ])
  for (let round = 0; round < 30; round += 1) {
    for (const side of [pair.a, pair.b]) {
      for (let count = random.integer(0, 6); count > 0; count -= 1) {
        const list = sent.get(side) ?? []
        const delivery = mix[random.integer(0, mix.length - 1)] ?? 'reliable'
        const channel = random.integer(0, 2) * 17
        const message = payload(list.length, length(random, 20_000))
        if (side.channels.send(pair.now, message, delivery, channel) !== 'accepted') throw new Error('Not accepted')
        list.push({ id: list.length, delivery, channel, message })
      }
      if (random.chance(0.1)) side.isReading = !side.isReading
    }
    pair.run(1)
  }
  pair.a.isReading = true
  pair.b.isReading = true
  pair.settle()
  for (const side of [pair.a, pair.b]) check(sent.get(side) ?? [], pair.other(side))
}

function check(sent: readonly Sent[], receiver: Side): void {
  const strangers = receiver.received.filter(({ message, delivery, channel }) => {
    const original = sent[idOf(message)]
    const isFromLane = original?.delivery === delivery && original.channel === channel
    return !isFromLane || Buffer.compare(message, original.message) !== 0
  })
  expect(strangers).toEqual([])
  for (const delivery of deliveries) {
    for (const channel of [0, 17, 34]) checkLane(sent, receiver, delivery, channel)
  }
}

function checkLane(allSent: readonly Sent[], receiver: Side, delivery: Delivery, channel: number): void {
  const isOfLane = (message: { delivery: Delivery; channel: number }) =>
    message.delivery === delivery && message.channel === channel
  const sent = allSent.filter(isOfLane).map(({ id }) => id)
  const received = receiver.received.filter(isOfLane).map(({ message }) => idOf(message))
  const isRising = received.every((id, i) => i === 0 || id > (received[i - 1] ?? 0))
  switch (delivery) {
    case 'reliable':
      expect(received).toEqual(sent)
      break
    case 'reliable-unordered':
      expect(received.toSorted((a, b) => a - b)).toEqual(sent)
      break
    case 'sequenced':
      expect(isRising).toBe(true)
      break
    case 'latest':
      expect(isRising).toBe(true)
      expect(received.at(-1)).toBe(sent.at(-1))
      break
    case 'unreliable':
      expect(new Set(received).size).toBe(received.length)
      break
  }
}

const mixes: readonly (readonly Delivery[])[] = [...deliveries.map((delivery) => [delivery]), [...deliveries]]
const paths: readonly (Omit<ChannelPairOptions, 'seed'> & { name: string })[] = [
  { name: 'a perfect path' },
  { name: 'a path that loses, doubles and reorders', loss: 0.2, duplication: 0.1, delay: 0.3 },
  { name: 'such a path with copies', loss: 0.1, duplication: 0.1, delay: 0.3, policy: copies },
  {
    name: 'losses that were none, written twice',
    loss: 0.1,
    delay: 0.3,
    spuriousLoss: 0.2,
    resendWrites: 2,
    policy: copies,
  },
  { name: 'a narrow path that loses', loss: 0.3, delay: 0.3, packetsPerTick: 2 },
]

describe('channels over a bad path', () => {
  for (const mix of mixes) {
    for (const { name, ...options } of paths) {
      it(`delivers ${mix.length === 1 ? mix.join() : 'all kinds of'} messages as promised over ${name}`, () => {
        for (let seed = 0; seed < SEEDS / paths.length; seed += 1) play(seed, mix, options)
      })
    }
  }
})
