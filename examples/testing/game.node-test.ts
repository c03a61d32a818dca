// Tests of the game on a simulated network, with Node's own runner: node --import tsx --test game.node-test.ts. game.spec.ts has more, for vitest.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onTheStreet, startServer } from './street.ts'

const badNetwork = { delayMs: 40, jitterMs: 20, loss: 0.1 }

void test('what a player says in a tunnel arrives when she is out of it', () => {
  onTheStreet(1, badNetwork, ({ world, alice, bob }) => {
    world.blackout(alice, 4_000)
    world.run(1_000)
    alice.say('can you hear me?')
    world.run(2_500)
    assert.deepEqual(bob.chat, [])
    world.run(3_000)
    assert.deepEqual(bob.chat, ['alice: can you hear me?'])
  })
})

void test('the players are back after a crash of the server, and one who moves stays', () => {
  onTheStreet(2, badNetwork, ({ world, server, alice, bob }) => {
    world.crash(server)
    world.run(3_000)
    const successor = startServer(world)
    assert.ok(world.waitFor(() => successor.players.size === 2, 30_000))
    world.move(alice)
    alice.say('on the bus now')
    world.run(5_000)
    assert.deepEqual(bob.chat, ['alice: on the bus now'])
    assert.equal(successor.players.size, 2)
  })
})
