import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { perfectLink } from 'udpipe/simulator'
import { runProgram } from './run-program.ts'

const root = new URL('../..', import.meta.url).pathname
const text = readFileSync(join(root, 'docs/testing.md'), 'utf8')
const snippets = [...text.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code)

/** Runs a program beside the game of the examples, whose files it imports. */
function run(program: string): string {
  return runProgram(program.replaceAll("from './game", `from '${join(root, 'examples/testing')}/game`))
}

/** The lines of a snippet, in a world where the game is being played. */
function inTheGame(lines: string): string {
  return `
    import assert from 'node:assert/strict'
    import { World } from 'udpipe/simulator'
    import { GameClient } from './game-client.ts'
    import { GameServer } from './game-server.ts'
    const world = new World({ seed: 1, link: { delayMs: 30 } })
    const server = new GameServer()
    world.start(server, 1234, { hz: 30, onTick: (dt) => server.update(dt) })
    const [alice, bob] = [new GameClient('alice'), new GameClient('bob')]
    for (const client of [alice, bob]) world.connect(client, 1234, { hz: 30 })
    assert.ok(world.waitFor(() => server.players.size === 2))
    ${lines}
    console.log('played')`
}

describe('docs/testing.md', () => {
  it('begins with a game in a simulation, which prints what the text says', () => {
    expect(run(snippets[0] ?? '')).toBe("[ 'You said hello.' ]\n")
  })

  it('shows a test that passes', () => {
    expect(run(snippets[1] ?? '')).toMatch(/# pass 1\n# fail 0/)
  })

  it('has six snippets', () => {
    expect(snippets).toHaveLength(6)
  })

  it.each([
    ['of the loop', 2, 'played\n'],
    ['of the network', 3, 'true true\nplayed\n'],
    ['of what happens to players and servers', 4, 'played\n'],
    ['of promises', 5, 'played\n'],
  ])('has a snippet %s that does what it says', (_what, i, output) => {
    expect(run(inTheGame(snippets[i] ?? ''))).toBe(output)
  })

  it('names options of a link that there are', () => {
    const [, list = ''] = /A link takes .*?: (.*?) and others/s.exec(text) ?? []
    const named = [...list.matchAll(/`(\w+)`/g)].map(([, name]) => name)
    expect(named.length).toBeGreaterThan(10)
    expect(Object.keys(perfectLink)).toEqual(expect.arrayContaining(named))
  })
})
