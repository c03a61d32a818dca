import { describe, expect, it } from 'vitest'
import { Random } from '../../lib/simulator/index.ts'
import { ContractWorld, DELAY_MS, NO_REDIAL, numbers, type ContractSubject } from './contract-world.ts'

const encoder = new TextEncoder()

/** How connections end. */
export function describeClosing(subject: ContractSubject): void {
  describe('closing', () => {
    it('by the client ends both for good', () => {
      const world = new ContractWorld(subject)
      const { client, server } = world.connect()
      world.clear()
      client.close()
      expect(client.session.state).toBe('closing')
      world.run(3_000)
      expect(world.story(client)).toEqual(['ended closed-here', 'peer none', 'closed'])
      expect(world.story(server)).toEqual(['ended closed-there', 'peer none', 'closed'])
      expect(world.server.clientCount).toBe(0)
    })

    it('by the server has the client dial again', () => {
      const world = new ContractWorld(subject)
      const { client, server } = world.connect()
      world.clear()
      server.close()
      world.waitFor(() => client.session.state === 'waiting', 1_000)
      expect(world.story(client)).toEqual(['ended closed-there, will reconnect', 'peer none'])
      world.waitFor(() => server.isOver, 5_000)
      expect(world.story(server)).toEqual(['ended closed-here', 'peer none', 'closed'])
      world.awaitConnected(client)
    })

    it('by the server is answered, even by a program that closes as soon as it is told', () => {
      const world = new ContractWorld(subject)
      const { client, server } = world.connect()
      client.onEvent = ({ type }) => {
        if (type === 'ended') client.close()
      }
      const start = world.now
      server.close()
      expect(world.waitFor(() => server.isOver)).toBe(true)
      expect(world.now - start).toBeLessThan(4 * DELAY_MS)
      world.run(3_000)
      expect(client.isOver).toBe(true)
    })

    it('by the server ends a client that is not to dial again', () => {
      const world = new ContractWorld(subject, { settings: NO_REDIAL })
      const { client, server } = world.connect()
      world.clear()
      server.close()
      world.run(3_000)
      expect(world.story(client)).toEqual(['ended closed-there', 'peer none', 'closed'])
    })

    it('by both at once is each one’s own doing', () => {
      const world = new ContractWorld(subject)
      const { client, server } = world.connect()
      world.clear()
      client.close()
      server.close()
      world.run(3_000)
      expect(world.story(client)).toEqual(['ended closed-here', 'peer none', 'closed'])
      expect(world.story(server)).toEqual(['ended closed-here', 'peer none', 'closed'])
    })

    it('sends what is queued first', () => {
      const world = new ContractWorld(subject)
      const { client, server } = world.connect()
      world.clear()
      for (const text of numbers(10)) world.send(client, text)
      client.close()
      world.run(3_000)
      expect(world.story(server)).toEqual([
        ...numbers(10).map((text) => `message ${text}`),
        'ended closed-there',
        'peer none',
        'closed',
      ])
    })

    it.each(['uplink', 'downlink'] as const)('gets through when a third of the %s is lost', (side) => {
      for (let seed = 1; seed <= 20; seed += 1) {
        const world = new ContractWorld(subject, { seed })
        const { client, server } = world.connect()
        world.clear()
        world[side](client).configure({ loss: 1 / 3 })
        client.close()
        world.run(10_000)
        expect(world.story(client)).toEqual(['ended closed-here', 'peer none', 'closed'])
        expect(world.story(server)).toEqual(['ended closed-there', 'peer none', 'closed'])
      }
    })

    it('comes to an end by itself when nobody answers', () => {
      const world = new ContractWorld(subject)
      const { client } = world.connect()
      world.clear()
      world.setCut(client, true)
      client.close()
      world.run(4_000)
      expect(world.story(client)).toEqual(['ended closed-here', 'peer none', 'closed'])
    })

    it('of a stalled connection comes to an end', () => {
      const world = new ContractWorld(subject)
      const { client } = world.connect()
      world.setCut(client, true)
      world.run(2_000)
      world.clear()
      client.close()
      world.run(4_000)
      expect(world.storyOfStates(client)).toEqual(['ended closed-here', 'closed'])
    })

    it.each(['dialing', 'connecting', 'waiting'] as const)('while %s ends without a word of a connection', (state) => {
      const world = new ContractWorld(subject)
      const link = state === 'waiting' ? { uplink: { partitions: [{ fromMs: 0, untilMs: 60_000 }] } } : {}
      const client = world.dial(link)
      expect(world.waitFor(() => client.session.state === state)).toBe(true)
      client.close()
      world.run(10_000)
      expect(world.story(client).at(-1)).toBe('closed')
      expect(world.story(client).some((line) => line.startsWith('ended'))).toBe(false)
      expect(client.isOver).toBe(true)
      expect(world.server.clientCount).toBe(0)
    })

    it('of a server’s session that nobody has come to yet ends it', () => {
      const world = new ContractWorld(subject, { settings: NO_REDIAL })
      const client = world.dial()
      world.waitFor(() => client.session.state === 'connecting')
      world.serverEnd(client)?.close()
      world.run(10_000)
      expect(world.server.clientCount).toBe(0)
      expect(client.isOver).toBe(true)
    })

    it('again, and again, changes nothing', () => {
      const world = new ContractWorld(subject)
      const { client } = world.connect()
      world.clear()
      client.close(1, 'first')
      client.close(2, 'second')
      world.run(3_000)
      expect(world.story(client)).toEqual(['ended closed-here', 'peer none', 'closed'])
      const ended = world.events.get(client)?.at(0)
      expect(ended).toMatchObject({ code: 1, reason: 'first' })
    })

    it('leaves nothing that moves', () => {
      const world = new ContractWorld(subject)
      const { client } = world.connect()
      client.close()
      world.run(5_000)
      const before = world.network.sentPackets
      world.run(60_000)
      expect(world.network.sentPackets).toBe(before)
    })

    it('leaves a session that takes and says nothing', () => {
      const world = new ContractWorld(subject)
      const { client, server } = world.connect()
      client.close()
      world.run(3_000)
      const { session } = client
      expect(session.state).toBe('closed')
      expect(session.send(world.now, encoder.encode('late'), subject.delivery, 0)).toBe('closed')
      session.handleDatagram(world.now, new Random(1).bytes(100), server.socket.address)
      session.handleTimeout(world.now + 100_000, Infinity)
      session.ping(world.now)
      session.close(world.now, 0, '')
      expect(session.pollEvent()).toBeUndefined()
      expect(session.pollTransmit(world.now + 100_000, new Uint8Array(2_000))).toBeUndefined()
      expect(session.nextDeadline).toBe(Infinity)
    })
  })
}
