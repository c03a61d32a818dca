import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { ChildProgram } from '../support/child-program.ts'

it('the arena lets 20 in, refuses with a reason, bans for good, talks to a room, and knows who comes back', async () => {
  const arena = new ChildProgram('examples/arena.ts')

  expect(await arena.ended, arena.stderr).toBe(0)
  expect(arena.stdout.split('\n').slice(0, -1)).toEqual([
    'arena: 20 players are in',
    'grandpa: please update to v2',
    'arena: the red room is 10 players',
    'player1: no cheating',
    'player1 again: player1 is banned',
    'arena: player2 is back, at step 1',
    'arena: closed',
  ])
  expect(arena.stderr).toBe('')
})

it('the arena is short enough to be read', () => {
  const lines = readFileSync(new URL('../../examples/arena.ts', import.meta.url), 'utf8').split('\n')
  expect(lines.length - 1).toBeLessThan(150)
})
