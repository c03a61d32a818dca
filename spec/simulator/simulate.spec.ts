import { describe, expect, it } from 'vitest'
import { UDPipe, UDPipeError } from 'udpipe'
import { simulate, Trace, World } from 'udpipe/simulator'
import { EchoClient, EchoServer } from '../support/echo-pipes.ts'

/** What leaves a call. */
function thrownBy(act: () => unknown): Error {
  try {
    act()
  } catch (error) {
    return error as Error
  }
  throw new Error('Nothing was thrown.')
}

function connect(world: World): { server: EchoServer; client: EchoClient } {
  const server = world.start(new EchoServer(), 1234)
  const client = world.connect(new EchoClient(), 1234)
  world.run(100)
  return { server, client }
}

describe('simulate', () => {
  it('returns what was played, in a world of its options', () => {
    const played = simulate({ seed: 7, link: { delayMs: 5 } }, (world) => {
      connect(world)
      return [world.now, world.network.link('10.0.0.1', '10.0.0.2').settings.delayMs]
    })
    expect(played).toEqual([100, 5])
  })

  it('adds to an assertion that fails the seed, the time, and what happened last, in words', () => {
    const error = thrownBy(() =>
      simulate({ seed: 42, link: { delayMs: 5 } }, (world) => {
        const { client } = connect(world)
        client.send('hello')
        world.run(20)
        expect(client.log).toEqual([])
      }),
    )
    expect(error.name).toBe('AssertionError')
    expect(error).toHaveProperty('expected')
    const [first = '', ...rest] = error.message.split('\n\n')
    const added = rest.join('\n\n')
    expect(first).toContain('expected')
    expect(added).toMatch(/^Simulated with seed 42, until 120\.000 ms\. What happened last:\n/)
    expect(added).toContain('       0.000  client 1   → 10.0.0.1:1234 1200 B  HELLO version 1\n')
    expect(added).toMatch(/ +5\.000 {2}server +← 11\.0\.0\.1:50000 1200 B {2}HELLO/)
    expect(added).toMatch(/client 1 +\* 10\.0\.0\.1:40000 connected\n/)
    expect(added).toMatch(/ 105\.000 {2}server +\* 11\.0\.0\.1:50000 message, reliable, channel 0, 5 B: 'hello'\n/)
    expect(added).toMatch(/client 1 .* 'echo of hello'/)
    expect(error.stack).toContain('Simulated with seed 42')
    expect(error.stack).toContain('simulate.spec.ts')
  })

  it('adds it once to an error that leaves a callback, wherever it passes, and leaves its class and code', () => {
    const failure = new UDPipeError('ERR_REFUSED', 'no such room')
    const error = thrownBy(() =>
      simulate({ seed: 3 }, (world) => {
        const { server, client } = connect(world)
        server.onNewMessage = () => {
          throw failure
        }
        client.send(Uint8Array.of(0, 255))
        world.run(1_000)
      }),
    )
    expect(error).toBe(failure)
    expect(error).toMatchObject({ code: 'ERR_REFUSED', name: 'UDPipeError' })
    expect(error.message.match(/Simulated with seed 3/g)).toHaveLength(1)
    expect(error.message).toMatch(/message, reliable, channel 0, 2 B: 00ff$/)
  })

  it('puts an error around what is thrown that is none, and around one that cannot be changed', () => {
    const play = (thrown: unknown) =>
      thrownBy(() =>
        simulate({ seed: 3 }, () => {
          throw thrown
        }),
      )
    expect(play('just a text')).toMatchObject({
      message: expect.stringMatching(/^just a text\n\nSimulated/) as string,
      cause: 'just a text',
    })
    const frozen = Object.freeze(new Error('frozen'))
    expect(play(frozen)).toMatchObject({
      message: expect.stringMatching(/^frozen\n\nSimulated/) as string,
      cause: frozen,
    })
    expect(play(undefined).message).toMatch(/^undefined\n\n/)
  })

  it('explains the rejection of what is async, too', async () => {
    const playing = simulate({ seed: 9 }, async (world) => {
      const { client } = connect(world)
      await world.until(client.close())
      throw new Error('afterwards')
    })
    await expect(playing).rejects.toThrow(
      /^afterwards\n\nSimulated with seed 9, until .*What happened last:\n[^]*ended/,
    )
    await expect(simulate({ seed: 9 }, () => Promise.resolve(5))).resolves.toBe(5)
  })

  it('keeps as many lines as the trace is told to, or none', () => {
    const fail = (world: World) => {
      connect(world)
      throw new Error('x')
    }
    const few = thrownBy(() => simulate({ seed: 1, trace: new Trace(3) }, fail)).message.split('\n')
    expect(few.slice(2)).toHaveLength(1 + 1 + 3)
    expect(few[3]).toMatch(/^… \d+ earlier lines$/)
    expect(thrownBy(() => simulate({ seed: 1, trace: false }, fail)).message).toMatch(/until 100\.000 ms\.$/)
  })

  it('says in the trace what the test did to the network and the programs', () => {
    simulate({ seed: 1 }, (world) => {
      const { server, client } = connect(world)
      world.blackout(client, 5)
      world.pause(server, 5)
      world.configure(client, { delayMs: 5 })
      world.move(client, { host: '12.0.0.1', port: 9 })
      world.crash(server)
      world.note('test', 'as I was saying')
      const said = world.trace?.lines.slice(-6).map((line) => line.slice(14).replace(/ +/g, ' '))
      expect(said).toEqual([
        'client 1 * cut off for 5 ms',
        'server * blocked for 5 ms',
        'client 1 * links changed: delayMs',
        'client 1 * moved to 12.0.0.1:9',
        'server * crashed',
        'test * as I was saying',
      ])
    })
  })

  it('names the datagrams of the classic protocol by their words', () => {
    const options = { protocol: 'classic', protocols: ['classic'], security: 'none', token: 'secret' } as const
    const world = new World({ seed: 1 })
    world.start(new UDPipe(options), 1234)
    world.connect(new UDPipe(options), 1234)
    world.run(100)
    const text = world.trace?.toString() ?? ''
    for (const word of ['HELLO \\*{4}', 'CONNECT 10\\.0\\.0\\.1 40000', 'CONNECTED']) {
      expect(text).toMatch(new RegExp(` B {2}${word}$`, 'm'))
    }
    expect(text).not.toContain('secret')
  })

  it('refuses to play nothing', () => {
    expect(() => simulate({ seed: 1 }, undefined as never)).toThrow(/play must be a function/)
  })
})
