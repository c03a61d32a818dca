import { requireFunction } from './option-checks.ts'
import type { SimulationOptions } from './simulation.ts'
import { World } from './world.ts'

/**
 * Plays something in a new {@link World}, and says how a failure came about: to whatever error leaves `play`, an assertion's for one, it adds the
 * seed, the time, and the last lines of the trace. The test fails with the same error as before, in any test runner.
 *
 * ```ts
 * test('a message survives a bad network', () =>
 *   simulate({ seed: 7, link: { delayMs: 40, loss: 0.05 } }, (world) => {
 *     const server = world.start(new GameServer(), 1234)
 *     const client = world.connect(new GameClient(), 1234)
 *     world.run(60_000)
 *     assert.equal(server.players.size, 1)
 *   }))
 * ```
 *
 * @param options those of the world; `trace: new Trace(500)` keeps more than the last 60 lines
 * @param play may be async; then so is this
 * @returns what `play` returns
 * @throws what `play` throws; RangeError and UDPipeError for options that cannot be
 */
export function simulate<Result>(options: SimulationOptions, play: (world: World) => Result): Result {
  requireFunction('play', play)
  const world = new World(options)
  try {
    const result = play(world)
    return isPromise(result) ? (explainRejection(world, result) as Result) : result
  } catch (error) {
    throw world.explain(error)
  }
}

async function explainRejection(world: World, result: Promise<unknown>): Promise<unknown> {
  try {
    return await result
  } catch (error) {
    throw world.explain(error)
  }
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as Partial<Promise<unknown>> | undefined)?.then === 'function'
}
