import { describe, expect, it } from 'vitest'
import { allBut, ContractWorld, isNotConnect, NO_REDIAL, type ContractSubject } from './contract-world.ts'

/** How a connection comes to stand, or does not. */
export function describeOpening(subject: ContractSubject): void {
  describe('opening', () => {
    it('tells the client and the server what happens, in this order', () => {
      const world = new ContractWorld(subject)
      const { client, server } = world.connect()

      expect(world.story(client)).toEqual(['peer', 'peer', 'connecting', 'connected'])
      expect(world.story(server)).toEqual(['peer', 'connected'])
      expect(world.events.get(client)?.at(0)).toEqual({ type: 'peer', remote: world.server.address })
      expect(world.events.get(client)?.at(1)).toEqual({ type: 'peer', remote: server.socket.address })
      expect(world.events.get(server)?.at(0)).toEqual({ type: 'peer', remote: client.socket.address })
      expect(client.session.remote).toEqual(server.socket.address)
    })

    it('goes through dialing and connecting', () => {
      const world = new ContractWorld(subject)
      const client = world.dial()
      expect(client.session.state).toBe('dialing')
      expect(world.waitFor(() => client.session.state === 'connecting', 200)).toBe(true)
      expect(world.serverEnd(client)?.session.state).toBe('connecting')
      expect(world.waitFor(() => client.session.state === 'connected', 200)).toBe(true)
    })

    it.each([1, 2, 3, 4, 5, 6])('survives the loss of datagram %i of the client', (lost) => {
      const world = new ContractWorld(subject)
      const client = world.dial({ uplink: { filter: allBut(lost) } })
      world.awaitConnected(client)
      expect(world.frontDoor.stats.admitted).toBe(1)
    })

    it.each([1, 2, 3, 4, 5, 6])('survives the loss of datagram %i to the client', (lost) => {
      const world = new ContractWorld(subject)
      const client = world.dial({ downlink: { filter: allBut(lost) } })
      world.awaitConnected(client)
      expect(world.frontDoor.stats.admitted).toBe(1)
    })

    it('gives a HELLO that is repeated the answer that the first one got', () => {
      const world = new ContractWorld(subject)
      const client = world.dial({ downlink: { partitions: [{ fromMs: 0, untilMs: 1_500 }] } })
      world.awaitConnected(client)
      expect(world.frontDoor.stats.receivedHellos).toBeGreaterThan(3)
      expect(world.frontDoor.stats.admitted).toBe(1)
      expect(world.doorEvents).toHaveLength(1)
      expect(world.server.clientCount).toBe(1)
    })

    it('connects where every datagram comes twice', () => {
      const world = new ContractWorld(subject, { link: { duplicate: 1 } })
      const { client, server } = world.connect()
      world.run(1_000)
      expect(world.story(client)).toEqual(['peer', 'peer', 'connecting', 'connected'])
      expect(world.story(server)).toEqual(['peer', 'connected'])
      expect(world.server.clientCount).toBe(1)
    })

    it('finds a client whose NAT shows the private port another address', () => {
      const world = new ContractWorld(subject)
      const client = world.dial({ mapsPerDestination: true })
      world.run(500)
      world.send(client, 'hello')
      world.run(500)
      const [server] = world.server.endpoints
      expect(server && world.texts(server)).toEqual(['hello'])
      expect(client.session.state).toBe('connected')
    })

    it('gives up on a server that does not answer, and dials again', () => {
      const world = new ContractWorld(subject)
      const client = world.dial({ uplink: { partitions: [{ fromMs: 0, untilMs: 5_100 }] } })
      world.run(5_000)
      expect(world.story(client)).toEqual(['peer', 'unanswered, will reconnect', 'peer none'])
      expect(client.session.state).toBe('waiting')
      world.awaitConnected(client)
      expect(world.frontDoor.stats.admitted).toBe(1)
    })

    it('gives up on a private port that does not answer, and dials again', () => {
      const world = new ContractWorld(subject)
      const client = world.dial({ uplink: { filter: isNotConnect } })
      world.run(5_100)
      expect(world.story(client)).toEqual(['peer', 'peer', 'connecting', 'unanswered, will reconnect', 'peer none'])
      world.uplink(client).configure({ filter: () => true })
      world.awaitConnected(client)
    })

    it('ends an unanswered session that is not to dial again', () => {
      const world = new ContractWorld(subject, { link: { loss: 1 }, settings: NO_REDIAL })
      const client = world.dial()
      world.run(5_001)
      expect(world.story(client)).toEqual(['peer', 'unanswered', 'peer none', 'closed'])
    })

    it('dials as often as it may, and no more', () => {
      const reconnect = { minDelayMs: 100, maxDelayMs: 100, attempts: 2 }
      const world = new ContractWorld(subject, {
        link: { loss: 1 },
        settings: { reconnect, handshakeTimeoutMs: 1_000 },
      })
      const client = world.dial()
      world.run(10_000)
      const attempt = ['peer', 'unanswered, will reconnect', 'peer none']
      expect(world.story(client)).toEqual([...attempt, ...attempt, 'peer', 'unanswered', 'peer none', 'closed'])
    })

    it('closes a private port that nobody comes to, and lets the client request anew', () => {
      const world = new ContractWorld(subject)
      const client = world.dial({ uplink: { filter: isNotConnect } })
      world.waitFor(() => client.session.state === 'connecting')
      const abandoned = world.serverEnd(client)
      client.stop()
      world.run(5_100)
      expect(abandoned && world.story(abandoned)).toEqual(['closed'])
      expect(world.server.clientCount).toBe(0)
      const again = world.dial({ address: client.socket.address, uplink: { filter: () => true } })
      world.awaitConnected(again)
    })
  })
}

/** How newcomers are sent away. */
export function describeRefusals(subject: ContractSubject): void {
  describe('refusing', () => {
    it('tells both sides of a wrong token', () => {
      const world = new ContractWorld(subject)
      const client = world.dial({ token: 'wrong' })
      world.run(100)
      expect(world.story(client)).toEqual(['peer', 'refused, will reconnect', 'peer none'])
      expect(world.doorEvents.map(({ type }) => type)).toEqual(['bad-token'])
      expect(world.frontDoor.stats).toMatchObject({ badTokens: 1, admitted: 0 })
      expect(world.server.clientCount).toBe(0)
    })

    it('lets in who proves the new token, once it is changed', () => {
      const world = new ContractWorld(subject)
      const first = world.connect().client
      world.frontDoor.setToken('new')
      const late = world.dial({ settings: NO_REDIAL })
      const client = world.dial({ token: 'new' })
      world.awaitConnected(client)
      world.run(500)
      expect(world.story(late)).toContain('refused')
      expect(first.session.state).toBe('connected')
    })

    it('sends away whom its owner refuses, who comes in when there is room', () => {
      const world = new ContractWorld(subject, { server: { maxClients: 1 } })
      const { client } = world.connect()
      const second = world.dial()
      world.run(100)
      expect(world.story(second)).toEqual(['peer', 'refused, will reconnect', 'peer none'])
      expect(world.frontDoor.stats).toMatchObject({ admitted: 1, refused: 1 })
      client.close()
      world.awaitConnected(second)
    })

    it('ends a refused session that is not to dial again', () => {
      const world = new ContractWorld(subject, { settings: NO_REDIAL })
      const client = world.dial({ token: 'wrong' })
      world.run(100)
      expect(world.story(client)).toEqual(['peer', 'refused', 'peer none', 'closed'])
      expect(client.isOver).toBe(true)
    })

    it('lets a request be answered once', () => {
      const world = new ContractWorld(subject)
      world.connect()
      const [event] = world.doorEvents
      if (event?.type !== 'request') throw new Error('Nobody asked to be let in.')
      const { request } = event
      expect(() => world.frontDoor.refuse(0, request, 1, 'late')).toThrow('already answered')
      expect(() => world.frontDoor.admit(0, request, { host: '10.0.0.1', port: 1 })).toThrow('already answered')
    })

    it('answers nothing with more bytes than it was asked in', () => {
      const world = new ContractWorld(subject, { server: { maxClients: 1 } })
      world.connect()
      const before = { ...world.downlink(world.dial({ token: 'wrong' })).stats }
      const refused = world.dial()
      const wrong = world.dial({ token: 'wrong' })
      world.run(100)
      expect(before.offeredBytes).toBe(0)
      for (const client of [refused, wrong]) {
        expect(world.downlink(client).stats.offeredBytes).toBeGreaterThan(0)
        expect(world.downlink(client).stats.offeredBytes).toBeLessThanOrEqual(
          world.uplink(client).stats.offeredBytes + 4,
        )
      }
    })
  })
}
