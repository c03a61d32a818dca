import { UDPipe, type UDPipeOptions } from 'udpipe'
import { World } from 'udpipe/simulator'
import { describe, expect, it, onTestFinished } from 'vitest'
import { internalsOf } from '../../lib/host/udpipe.ts'
import { Program } from '../../lib/simulator/program.ts'
import { createRig } from '../support/rig.ts'

describe('a program that does not step', () => {
  it.each<[how: string, begin: (pipe: UDPipe) => Promise<unknown>]>([
    ['start', (pipe) => pipe.start(1234)],
    ['connect', (pipe) => pipe.connect('10.0.0.9', 1234)],
  ])('is warned 2 s after %s, once, with the cure', (_how, begin) => {
    const { world, pipe, program } = createUnstepped()
    void begin(pipe)

    world.run(1_999)
    expect(program.warnings).toEqual([])
    world.run(60_000)

    expect(program.warnings).toEqual([expect.objectContaining({ name: 'UDPipeWarning', code: 'UDPIPE_NOT_STEPPED' })])
    expect(program.warnings[0]?.message).toMatch(/run\(\).*ticks\(60\)/)
  })

  it('is not warned once it has stepped', () => {
    const { world, pipe, program } = createUnstepped()
    void pipe.start(1234)
    world.run(1_900)

    pipe.step()
    world.run(60_000)

    expect(program.warnings).toEqual([])
  })

  it('is not warned when run() steps, nor when it has closed', () => {
    const running = createUnstepped()
    const closed = createUnstepped()
    void running.pipe.start(1234)
    void running.pipe.run(1)
    void closed.pipe.start(1234)
    void closed.pipe.close()

    for (const { world } of [running, closed]) world.run(60_000)

    expect([...running.program.warnings, ...closed.program.warnings]).toEqual([])
  })

  it('is not warned where it was blocked, and could not step', () => {
    const { world, pipe, program } = createUnstepped()
    void pipe.start(1234)
    program.pause(world.now + 1, world.now + 30_000)
    program.at(world.now + 30_010, () => pipe.step())

    world.run(60_000)

    expect(program.warnings).toEqual([])
  })
})

describe('a program that steps without a turn of the event loop', () => {
  it('is warned at once when that has gone on for 1 s, once, with the cure', () => {
    const { clock, pipe } = createClocked()
    const warnings = hearWarnings()

    for (let i = 0; i < 10_000; i += 1) {
      clock.now += 1
      pipe.step()
    }

    // Nothing but this loop has run: whoever waits for a turn to say it never says it.
    expect(warnings).toEqual([expect.objectContaining({ name: 'UDPipeWarning', code: 'UDPIPE_LOOP_STARVED' })])
    expect(warnings[0]?.message).toMatch(/while \(true\).*ticks\(60\)/)
  })

  it('is warned where only microtasks come in between', async () => {
    const { clock, pipe } = createClocked()
    const warnings = hearWarnings()

    for (let i = 0; i < 200; i += 1) {
      clock.now += 16
      pipe.step()
      await Promise.resolve()
    }

    expect(warnings).toHaveLength(1)
  })

  it('is not warned where the event loop turns', async () => {
    const { clock, pipe } = createClocked()
    const warnings = hearWarnings()

    for (let i = 0; i < 200; i += 1) {
      clock.now += 100
      for (let j = 0; j < 20; j += 1) pipe.step()
      await new Promise((resolve) => setImmediate(resolve))
    }

    expect(warnings).toEqual([])
  })
})

describe('connect with a signal', () => {
  it('gives up dialing when it aborts: it rejects, and is over', async () => {
    const rig = createRig('reliable')
    const client = rig.pipe()
    const giveUp = new AbortController()
    const connected = client.connect('127.0.0.1', 9, { signal: giveUp.signal })
    await rig.pass(300)

    giveUp.abort(new Error('the player pressed Escape'))

    await expect(connected).rejects.toMatchObject({
      code: 'ERR_ABORTED',
      cause: expect.objectContaining({ message: 'the player pressed Escape' }) as Error,
    })
    await rig.until(() => client.signal.aborted)
    expect(client.state).toBe('closed')
    expect(client.errorCodes).toEqual([])
  })

  it('gives up looking up a name, too', async () => {
    const rig = createRig('reliable')
    const client = rig.pipe()
    const giveUp = new AbortController()
    const connected = client.connect('localhost', 9, { signal: giveUp.signal })

    giveUp.abort()

    await expect(connected).rejects.toMatchObject({ code: 'ERR_ABORTED' })
    await rig.until(() => client.signal.aborted)
  })

  it('does not begin when it has aborted', async () => {
    const rig = createRig('reliable')
    const client = rig.pipe()

    const connected = client.connect('127.0.0.1', 9, { signal: AbortSignal.abort() })

    await expect(connected).rejects.toMatchObject({ code: 'ERR_ABORTED' })
    await rig.until(() => client.signal.aborted)
    expect(client.getSentPackets()).toBe(0)
  })

  it('leaves a connection alone that stands', async () => {
    const rig = createRig('reliable')
    const [server, client] = [rig.pipe(), rig.pipe()]
    const port = await rig.start(server)
    const giveUp = new AbortController()
    const connected = client.connect('127.0.0.1', port, { signal: giveUp.signal })
    await rig.until(() => client.names.includes('onConnect'))

    giveUp.abort()
    await rig.pass(3_000)

    expect((await connected).state).toBe('connected')
    expect(client.signal.aborted).toBe(false)
  })

  it('leaves a step loop that runs meanwhile to end by itself', async () => {
    const client = new UDPipe()
    const connected = client.connect('127.0.0.1', 9, { signal: AbortSignal.timeout(20) })
    const running = client.run()

    await expect(connected).rejects.toMatchObject({ code: 'ERR_ABORTED', cause: { name: 'TimeoutError' } })
    await expect(running).resolves.toBeUndefined()
  })
})

describe('connect with reconnect.attempts', () => {
  it('rejects when the last of them failed', async () => {
    const rig = createRig('reliable')
    const reconnect = { minDelayMs: 100, maxDelayMs: 100, attempts: 3 }
    const client = rig.pipe({ handshakeTimeoutMs: 200, reconnect })

    const connected = client.connect('127.0.0.1', 9)
    await rig.passUntil(() => client.signal.aborted, 5_000)

    await expect(connected).rejects.toMatchObject({ code: 'ERR_HANDSHAKE_TIMEOUT' })
    expect(client.errorCodes).toHaveLength(4)
    expect(client.called('onReconnecting').map(([{ attempt }]) => attempt)).toEqual([1, 2, 3])
  })
})

/** A UDPipe on virtual time whose program does nothing by itself. */
function createUnstepped(): { world: UnsteppedWorld; pipe: UDPipe; program: Program } {
  const world = new UnsteppedWorld({ seed: 1 })
  const pipe = new Quiet()
  return { world, pipe, program: world.inhabit(pipe) }
}

class UnsteppedWorld extends World {
  inhabit(pipe: UDPipe): Program {
    const program = new Program(this.context, {
      name: 'idle',
      host: '10.0.0.1',
      firstPort: 40_000,
      random: this.random,
    })
    internalsOf(pipe).settle(program.platform(internalsOf(pipe).platform))
    return program
  }
}

function createClocked(options: UDPipeOptions = {}): { clock: { now: number }; pipe: UDPipe } {
  const clock = { now: 0 }
  const pipe = new Quiet({ ...options, clock: () => clock.now })
  void pipe.start(0, '127.0.0.1')
  onTestFinished(() => pipe.close())
  return { clock, pipe }
}

/** The warnings of the process from now on, in place of standard error. */
function hearWarnings(): Error[] {
  const warnings: Error[] = []
  const hear = (warning: Error): number => warnings.push(warning)
  const others = process.listeners('warning')
  process.removeAllListeners('warning').on('warning', hear)
  onTestFinished(() => {
    process.removeAllListeners('warning')
    for (const listener of others) process.on('warning', listener)
  })
  return warnings
}

class Quiet extends UDPipe {
  override onError(): void {}
}
