import { beforeEach, describe, expect, it } from 'vitest'
import { Random } from '../../lib/simulator/index.ts'
import { allBut, ContractWorld, numbers, type ContractSubject } from './contract-world.ts'

const encoder = new TextEncoder()

/** What strangers cannot do. */
export function describeIntruders(subject: ContractSubject): void {
  describe('strangers', () => {
    const stranger = { host: '66.6.6.6', port: 666 }

    it('are not listened to, even with copies of true datagrams', () => {
      const world = new ContractWorld(subject)
      const { client, server } = world.connect()
      const captured: { bytes: Uint8Array; isUp: boolean }[] = []
      const capture = (isUp: boolean) => (bytes: Uint8Array) => {
        captured.push({ bytes: bytes.slice(), isUp })
        return true
      }
      world.uplink(client).configure({ filter: capture(true) })
      world.downlink(client).configure({ filter: capture(false) })
      for (const text of numbers(5)) world.send(client, text)
      for (const text of numbers(5)) world.send(server, text)
      world.run(2_000)
      world.clear()

      for (const { bytes, isUp } of captured.splice(0)) {
        world.network.inject(world.now, bytes, stranger, (isUp ? server : client).socket.address)
      }
      world.run(2_000)

      expect(world.story(client)).toEqual([])
      expect(world.story(server)).toEqual([])
      for (const { port, session } of [client, server]) {
        expect(port.filteredByPeer + session.stats.droppedForeign).toBeGreaterThan(0)
      }
    })

    it('do not disturb with random bytes, at the front door or at private ports', () => {
      const world = new ContractWorld(subject)
      const { client, server } = world.connect()
      world.clear()
      const random = new Random(7)
      const addresses = [world.server.address, client.socket.address, server.socket.address]
      for (let i = 0; i < 3_000; i += 1) {
        const bytes = random.bytes(random.integer(0, 1_300))
        const words = ['HELLO', 'HELLO\0\x01', 'CONNECT\0\x01', 'CONNECT', 'GO AWAY!', 'CLOSE', 'CONNECTED\0\x01', '']
        const word = encoder.encode(random.pick(words))
        if (word.length <= bytes.length) bytes.set(word, 0)
        world.network.inject(world.now, bytes, { host: '66.6.6.6', port: 1 + (i % 1_000) }, random.pick(addresses))
        if (i % 100 === 0) world.run(10)
      }
      for (const text of numbers(5)) world.send(client, text)
      world.run(2_000)
      expect(world.story(client)).toEqual([])
      expect(world.story(server)).toEqual(numbers(5).map((text) => `message ${text}`))
      expect(world.server.clientCount).toBe(1)
    })
  })
}

/** What deadlines and late loops mean. */
export function describeTime(subject: ContractSubject): void {
  describe('time', () => {
    let world: ContractWorld
    beforeEach(() => {
      world = new ContractWorld(subject)
    })

    it('leaves nothing to do before nextDeadline', () => {
      const into = new Uint8Array(2_000)
      const client = world.dial()
      const random = new Random(3)
      for (let i = 0; i < 2_000; i += 1) {
        world.run(random.between(0, 20))
        if (random.chance(0.02) && client.session.state === 'connected') world.send(client, 'x')
        if (random.chance(0.005)) world.setCut(client, random.chance(0.5))
        for (const { session } of [client, ...world.server.endpoints]) {
          if (session.nextDeadline <= world.now) continue
          const early = Math.min(session.nextDeadline - 0.001, world.now + 5)
          if (early <= world.now) continue
          expect(session.pollTransmit(world.now, into)).toBeUndefined()
          expect(session.pollEvent()).toBeUndefined()
        }
      }
    })

    it('is kept by a loop that runs when it must as by one that runs each millisecond', () => {
      const stories = [{}, { stepMs: 1 }].map((loopOptions) => {
        const timed = new ContractWorld(subject, { server: { loop: loopOptions } })
        const { client, server } = timed.connect({ loop: loopOptions })
        const start = timed.now
        timed.setCut(client, true)
        const times: string[] = []
        for (const endpoint of [client, server]) {
          endpoint.onEvent = ({ type }) => void times.push(`${type} ${Math.round((timed.now - start) / 20)}`)
        }
        timed.run(10_500)
        return times.filter((line) => !line.startsWith('peer')).sort()
      })
      expect(stories[0]).toHaveLength(5)
      expect(stories[0]).toEqual(stories[1])
    })

    it('that a late loop slept is not the other side’s silence', () => {
      const { client, server } = world.connect()
      world.clear()
      client.program.pause(world.now + 100, world.now + 6_000)
      world.run(8_000)
      expect(world.story(client)).toEqual([])
      expect(world.storyOfStates(server)).toEqual(['stalled', 'unstalled'])
    })

    it('that both loops slept, longer than any timeout, ends nothing', () => {
      const { client, server } = world.connect()
      world.clear()
      client.program.pause(world.now + 100, world.now + 15_100)
      world.server.loop.pause(world.now + 100, world.now + 15_100)
      world.run(20_000)
      expect(world.story(client)).toEqual([])
      expect(world.story(server)).toEqual([])
    })

    it('is not what a client’s sleep in the handshake costs', () => {
      const client = world.dial({
        settings: { handshakeTimeoutMs: 1_000 },
        loop: { pauses: [{ fromMs: 10, untilMs: 4_000 }] },
        downlink: { filter: allBut(1) },
      })
      world.awaitConnected(client)
      expect(world.now).toBeGreaterThan(4_000)
      expect(world.story(client)).toEqual(['peer', 'peer', 'connecting', 'connected'])
    })
  })
}
