// Tests of the game on a simulated network, with vitest: npx vitest run. game.node-test.ts has some for node:test.

import { describe, expect, it } from 'vitest'
import { onTheStreet, startServer } from './street.ts'

const badNetwork = { delayMs: 40, jitterMs: 20, loss: 0.1, duplicate: 0.02 }

describe('the street', () => {
  it.each([1, 2, 3, 4, 5])('shows everybody the same on a bad network (seed %i)', (seed) => {
    onTheStreet(seed, badNetwork, ({ world, server, alice, bob }) => {
      alice.walk(1)
      world.run(5_000)
      alice.walk(0)
      world.run(2_000)
      const place = server.placeOf('alice') ?? NaN
      expect(place).toBeGreaterThan(19)
      expect(alice.places.get('alice')).toBeCloseTo(place, 2)
      expect(bob.places.get('alice')).toBeCloseTo(place, 2)
    })
  })

  it('delivers what is said once and in order, however much is lost', () => {
    onTheStreet(6, { ...badNetwork, loss: 0.3 }, ({ world, alice, bob }) => {
      const lines = Array.from({ length: 50 }, (_, i) => `line ${i}`)
      lines.forEach((line, i) => world.at(world.now + i * 100, () => alice.say(line)))
      world.run(20_000)
      expect(bob.chat).toEqual(lines.map((line) => `alice: ${line}`))
    })
  })

  it('keeps what a player says in a tunnel until she is out of it', () => {
    onTheStreet(7, badNetwork, ({ world, server, alice, bob }) => {
      world.blackout(alice, 4_000)
      world.run(1_000)
      alice.say('can you hear me?')
      world.run(2_500)
      expect(bob.chat).toEqual([])
      world.run(3_000)
      expect(bob.chat).toEqual(['alice: can you hear me?'])
      expect(server.players.size).toBe(2)
    })
  })

  it('has the players back after a crash of the server', () => {
    onTheStreet(8, badNetwork, ({ world, server, alice, bob }) => {
      world.crash(server)
      world.run(3_000)
      const successor = startServer(world)
      expect(world.waitFor(() => successor.players.size === 2, 30_000)).toBe(true)
      alice.say('where were we?')
      world.run(2_000)
      expect(bob.chat).toEqual(['alice: where were we?'])
    })
  })

  it('does not lose a player whose phone leaves the Wi-Fi', () => {
    onTheStreet(9, badNetwork, ({ world, server, alice, bob }) => {
      alice.walk(1)
      world.run(1_000)
      const before = server.placeOf('alice') ?? NaN
      world.move(alice, { host: '12.0.0.1' })
      alice.say('on the bus now')
      world.run(5_000)
      expect(server.placeOf('alice')).toBeGreaterThan(before)
      expect(bob.chat).toEqual(['alice: on the bus now'])
    })
  })

  it('survives a server that does nothing for five seconds', () => {
    onTheStreet(10, badNetwork, ({ world, server, alice }) => {
      world.pause(server, 5_000)
      world.run(8_000)
      expect([server.players.size, alice.isConnected]).toEqual([2, true])
    })
  })
})
