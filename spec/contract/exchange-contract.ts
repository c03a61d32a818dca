import { describe, expect, it } from 'vitest'
import { ContractWorld, DELAY_MS, NO_REDIAL, numbers, type ContractSubject } from './contract-world.ts'

/** How messages and signs of life travel. */
export function describeMessages(subject: ContractSubject): void {
  describe('messages', () => {
    it('travel both ways, in order', () => {
      const world = new ContractWorld(subject)
      const { client, server } = world.connect()
      for (const text of numbers(50)) world.send(client, text)
      for (const text of numbers(50)) world.send(server, text)
      world.run(1_000)
      expect(world.texts(server)).toEqual(numbers(50))
      expect(world.texts(client)).toEqual(numbers(50))
    })

    it('that were sent before the connection stood arrive when it does, after the word that it does', () => {
      const world = new ContractWorld(subject)
      const client = world.dial()
      world.send(client, '1')
      world.waitFor(() => client.session.state === 'connecting')
      world.send(client, '2')
      const early = world.serverEnd(client)
      if (early === undefined) throw new Error('The server has no session.')
      world.send(early, '3')
      world.run(500)
      expect(world.story(early)).toEqual(['peer', 'connected', 'message 1', 'message 2'])
      expect(world.story(client)).toEqual(['peer', 'peer', 'connecting', 'connected', 'message 3'])
    })

    it('are refused, and counted, when too many wait', () => {
      const world = new ContractWorld(subject, { settings: { maxQueuedMessages: 3, maxQueuedBytes: 100 } })
      const client = world.dial()
      for (const text of numbers(3)) world.send(client, text)
      expect(client.send('4', subject.delivery)).toBe('queue-full')
      expect(client.session.stats).toMatchObject({ queuedMessages: 3, queuedBytes: 3, refusedMessages: 1 })
      const server = world.awaitConnected(client)
      world.run(500)
      expect(world.texts(server)).toEqual(numbers(3))
      expect(client.session.stats).toMatchObject({ queuedMessages: 0, queuedBytes: 0 })
    })

    it('are refused when too many bytes wait, or when one has too many', () => {
      const world = new ContractWorld(subject, { settings: { maxQueuedBytes: 100, maxMessageBytes: 80 } })
      const client = world.dial()
      expect(client.send('x'.repeat(81), subject.delivery)).toBe('too-large')
      world.send(client, 'x'.repeat(80))
      expect(client.send('x'.repeat(21), subject.delivery)).toBe('queue-full')
      world.send(client, 'x'.repeat(20))
    })

    it('are handed back when the session ends before they could be sent', () => {
      const world = new ContractWorld(subject, { link: { loss: 1 } })
      const client = world.dial()
      for (const text of numbers(2)) world.send(client, text)
      client.close()
      world.run(10)
      expect(world.story(client)).toEqual(['peer', 'undelivered 2', 'peer none', 'closed'])
    })

    it('are counted', () => {
      const world = new ContractWorld(subject)
      const { client, server } = world.connect()
      for (const text of numbers(10)) world.send(client, text)
      world.run(1_000)
      expect(client.session.stats.sentMessages).toBe(10)
      expect(server.session.stats.receivedMessages).toBe(10)
      const sent = world.uplink(client).stats
      expect(client.session.stats.sentPackets).toBe(sent.offeredPackets)
      expect(client.session.stats.sentBytes).toBe(sent.offeredBytes)
    })
  })

  describe('ping', () => {
    it('is answered with the time it took', () => {
      const world = new ContractWorld(subject)
      const { client, server } = world.connect()
      client.ping()
      world.run(60)
      const pong = world.events.get(client)?.find((event) => event.type === 'pong')
      expect(pong?.type === 'pong' ? pong.rttMs : NaN).toBeCloseTo(2 * DELAY_MS, 0)
      expect(world.events.get(server)?.some(({ type }) => type === 'ping')).toBe(true)
      expect(client.session.rttMs).toBeCloseTo(2 * DELAY_MS, 0)
    })

    it('is not for a session that has no connection', () => {
      const world = new ContractWorld(subject, { link: { loss: 1 } })
      const client = world.dial()
      expect(() => client.ping()).not.toThrow()
      world.run(100)
      expect(world.story(client)).toEqual(['peer'])
    })
  })
}

/** What silence leads to. */
export function describeSilence(subject: ContractSubject): void {
  describe('silence', () => {
    it('stalls both ends, and queues what is sent until either is heard again, in order', () => {
      const world = new ContractWorld(subject)
      const { client, server } = world.connect()
      world.clear()
      world.setCut(client, true)
      world.run(2_000)
      expect(client.session.state).toBe('stalled')
      expect(server.session.state).toBe('stalled')
      for (const text of numbers(20)) world.send(client, text)
      for (const text of numbers(20)) world.send(server, text)
      world.run(1_000)
      expect(client.session.stats.queuedMessages).toBe(20)
      world.setCut(client, false)
      world.run(1_500)
      expect(world.storyOfStates(client)).toEqual([
        'stalled',
        'unstalled',
        ...numbers(20).map((text) => `message ${text}`),
      ])
      expect(world.storyOfStates(server)).toEqual([
        'stalled',
        'unstalled',
        ...numbers(20).map((text) => `message ${text}`),
      ])
    })

    it('sends no messages while it stalls', () => {
      const world = new ContractWorld(subject)
      const { client } = world.connect()
      world.setCut(client, true)
      world.run(2_000)
      const before = world.uplink(client).stats.offeredBytes
      for (let i = 0; i < 10; i += 1) world.send(client, 'x'.repeat(500))
      world.run(1_000)
      expect(world.uplink(client).stats.offeredBytes - before).toBeLessThan(500)
    })

    it('is not what a link has on which only pings travel', () => {
      const world = new ContractWorld(subject)
      const { client, server } = world.connect()
      world.clear()
      world.run(60_000)
      expect(world.story(client)).toEqual([])
      expect(world.story(server)).toEqual([])
      const pings = world.uplink(client).stats.offeredPackets
      expect(pings).toBeGreaterThan(60)
      expect(pings).toBeLessThan(400)
    })

    it('ends the connection after its time, and the client finds the server again', () => {
      const world = new ContractWorld(subject)
      const { client, server } = world.connect()
      world.clear()
      world.setCut(client, true)
      world.run(11_000)
      expect(world.storyOfStates(server)).toEqual(['stalled', 'ended timeout', 'closed'])
      expect(world.storyOfStates(client).slice(0, 2)).toEqual(['stalled', 'ended timeout, will reconnect'])
      expect(world.server.clientCount).toBe(0)
      world.setCut(client, false)
      world.awaitConnected(client)
    })

    it('ends what is not to dial again for good', () => {
      const world = new ContractWorld(subject, { settings: NO_REDIAL })
      const { client } = world.connect()
      world.clear()
      world.setCut(client, true)
      world.run(11_000)
      expect(world.storyOfStates(client)).toEqual(['stalled', 'ended timeout', 'closed'])
    })

    it('has what was never sent wait for the next connection', () => {
      const world = new ContractWorld(subject)
      const { client } = world.connect()
      world.setCut(client, true)
      world.run(2_000)
      for (const text of numbers(5)) world.send(client, text)
      world.run(9_000)
      expect(['waiting', 'dialing']).toContain(client.session.state)
      world.send(client, '6')
      world.setCut(client, false)
      const server = world.awaitConnected(client)
      world.run(1_000)
      expect(world.texts(server)).toEqual(numbers(6))
      expect(world.story(client).some((line) => line.startsWith('undelivered'))).toBe(false)
    })

    it('finds a server that was killed and started again', () => {
      const world = new ContractWorld(subject)
      const { client } = world.connect()
      world.clear()
      world.restartServer()
      expect(world.waitFor(() => world.story(client).includes('connected'), 60_000)).toBe(true)
      expect(world.storyOfStates(client).slice(0, 2)).toEqual(['stalled', 'ended timeout, will reconnect'])
    })

    it('ends a connection after whatever time setTimeout says', () => {
      const world = new ContractWorld(subject)
      const { client, server } = world.connect()
      world.clear()
      client.session.setTimeout(3_000)
      world.setCut(client, true)
      world.run(4_000)
      expect(world.story(client)).toContain('ended timeout, will reconnect')
      expect(server.session.state).toBe('stalled')
    })
  })
}
