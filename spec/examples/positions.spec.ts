import { expect, it } from 'vitest'
import { ChildProgram } from '../support/child-program.ts'

it('the position server moves three players, shows snapshots of them, and ends', async () => {
  const world = new ChildProgram('examples/positions.ts', ['3'])

  expect(await world.ended).toBe(0)
  const snapshots = world.stdout.match(/(?<=^snapshot +\d+ {2}).*$/gm) ?? []
  expect(snapshots).toHaveLength(3)
  for (const snapshot of snapshots) expect(snapshot).toMatch(/^[·123]{40}$/)
  expect(new Set(snapshots).size).toBeGreaterThan(1)
  expect(world.stdout).toMatch(/\n3 players have left; \d+ datagrams were sent to them\n$/)
})
