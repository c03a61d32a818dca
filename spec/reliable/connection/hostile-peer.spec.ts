import { describe, expect, it } from 'vitest'
import { DeliveryCode } from '../../../lib/reliable/wire/frame.ts'
import { closeCodes } from '../../../lib/session/codes.ts'
import type { SessionEvent } from '../../../lib/session/session.ts'
import type { SessionSettings } from '../../../lib/session/settings.ts'
import { Random } from '../../../lib/simulator/index.ts'
import type { End } from '../../support/end.ts'
import { createAck, HostilePeer } from '../../support/hostile-peer.ts'
import { DEFAULT_TOKEN, ReliableWorld } from '../../support/reliable-world.ts'

interface Attack {
  readonly world: ReliableWorld
  readonly peer: HostilePeer
  readonly end: End
  readonly events: SessionEvent[]
}

/** A server, and somebody with the right keys who does as the test says. */
function attack(settings: Partial<SessionSettings> = {}): Attack {
  const world = new ReliableWorld({ seed: 1, link: { delayMs: 5 }, settings })
  const peer = new HostilePeer(world, new Random(1), DEFAULT_TOKEN)
  const end = peer.connect()
  const events: SessionEvent[] = []
  end.onEvent = (event) => void events.push(event)
  return { world, peer, end, events }
}

function ofType(events: readonly SessionEvent[], type: SessionEvent['type']): SessionEvent[] {
  return events.filter((event) => event.type === type)
}

describe('a reliable session with a hostile peer', () => {
  it('drops what is above the rate before it looks inside, tells of it, and goes on below it', () => {
    const { world, peer, end, events } = attack({ maxMessagesPerSecond: 100 })
    for (let i = 0; i < 300; i += 1)
      peer.send((writer) => writer.message(DeliveryCode.unreliable, 0, -1, Uint8Array.of(1)), 1)
    world.run(100)
    expect(ofType(events, 'message').length).toBeLessThanOrEqual(110)
    expect(ofType(events, 'rate-limited')).toEqual([{ type: 'rate-limited', droppedPackets: 1, graceMs: 5_000 }])
    expect(end.session.stats.droppedRateLimited).toBeGreaterThanOrEqual(190)
    world.run(900)
    events.length = 0
    peer.send((writer) => writer.message(DeliveryCode.unreliable, 0, -1, Uint8Array.of(2)), 1)
    world.run(20)
    expect(ofType(events, 'message')).toHaveLength(1)
  })

  it('counts each message in a packet', () => {
    const { world, peer, end } = attack({ maxMessagesPerSecond: 100 })
    const write = () => peer.send((writer) => writer.message(DeliveryCode.unreliable, 0, -1, Uint8Array.of(1)), 60)
    for (let i = 0; i < 4; i += 1) write()
    world.run(20)
    expect(end.session.stats).toMatchObject({ receivedMessages: 120, droppedRateLimited: 2 })
  })

  it('ends it with a code when it goes on, hands back what was queued, and hears no more of it', () => {
    const { world, peer, end, events } = attack({ maxMessagesPerSecond: 100 })
    end.send(new Uint8Array(10), 'reliable', 3)
    for (let ms = 0; ms < 7_500; ms += 1) {
      peer.send((writer) => writer.message(DeliveryCode.unreliable, 0, -1, Uint8Array.of(1)), 1)
      world.run(1)
    }
    const ended = events.findIndex(({ type }) => type === 'ended')
    expect(events[ended]).toMatchObject({ cause: 'closed-here', code: closeCodes.rateLimited, willReconnect: false })
    expect(ofType(events.slice(ended), 'message')).toEqual([])
    expect(ofType(events.slice(ended), 'undelivered')).toHaveLength(1)
    expect(ofType(events, 'ended')).toHaveLength(1)
    world.run(5_000)
    expect(events.at(-1)).toEqual({ type: 'closed' })
  })

  it('opens no copy, and holds none against the peer', () => {
    const { world, peer, end } = attack({ maxMessagesPerSecond: 100 })
    peer.send((writer) => writer.message(DeliveryCode.reliable, 0, 0, Uint8Array.of(1)), 1)
    for (let i = 0; i < 500; i += 1) peer.sendAgain()
    world.run(20)
    expect(end.session.stats).toMatchObject({ droppedDuplicates: 500, droppedRateLimited: 0, receivedMessages: 1 })
  })

  it('bears a few violations, and ends the connection at the 32nd', () => {
    const { world, peer, end, events } = attack()
    const violate = () => peer.send(() => false, 0, createAck(peer.largestReceived + 1_000, 1))
    for (let i = 0; i < 31; i += 1) violate()
    world.run(20)
    expect(end.session.state).toBe('connected')
    expect(end.session.stats.violations).toBe(31)
    violate()
    world.run(20)
    expect(ofType(events, 'ended')).toMatchObject([{ cause: 'closed-here', code: closeCodes.violations }])
  })

  it('holds what has no seal of the peer’s against nobody', () => {
    const { world, peer, end } = attack()
    const random = new Random(2)
    for (let i = 0; i < 200; i += 1) peer.sendBytes(random.bytes(100))
    world.run(20)
    expect(end.session.stats).toMatchObject({ violations: 0, droppedMalformed: 200 })
    expect(end.session.state).toBe('connected')
  })

  it('tells of one PING a packet, and answers the 16 newest that it has not answered', () => {
    const { world, peer, events } = attack()
    const before = peer.receivedBytes
    peer.send((writer, id) => writer.ping(id, 1))
    world.run(20)
    expect(ofType(events, 'ping')).toHaveLength(1)
    expect(peer.receivedBytes - before).toBeLessThan(500)
  })

  it('counts what it holds of messages that are not whole, and lets go of those that may be lost', () => {
    const { world, peer, end } = attack()
    const half = (delivery: number) =>
      peer.send((writer) => writer.fragment(delivery, 0, 0, new Uint8Array(2_000), 0, 1, 1_000), 1)
    half(DeliveryCode.unreliable)
    half(DeliveryCode.reliable)
    world.run(20)
    expect(end.session.stats.heldBytes).toBe(2 * 1_064)
    for (let i = 0; i < 4; i += 1) {
      world.run(900)
      peer.send((writer) => writer.ping(i, 0), 1)
    }
    world.run(20)
    expect(end.session.stats.heldBytes).toBe(1_064)
  })

  it('has more work from an ack that reaches far back, and counts it as more messages', () => {
    const { world, peer, end } = attack({ maxMessagesPerSecond: 100 })
    for (let i = 0; i < 10; i += 1) peer.send(() => false, 0, createAck(peer.largestReceived, 16_383))
    world.run(20)
    expect(end.session.stats.droppedRateLimited).toBeGreaterThanOrEqual(8)
  })
})
