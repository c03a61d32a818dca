import { expect, it } from 'vitest'
import { ChildProgram } from '../support/child-program.ts'

it('the tests of the game pass in Node’s own runner', async () => {
  const runner = new ChildProgram('examples/testing/game.node-test.ts')

  expect(await runner.ended).toBe(0)
  expect(runner.stdout).toMatch(/# pass 2\n# fail 0/)
})
