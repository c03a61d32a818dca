import { describe, expect, it } from 'vitest'
import { UDPipe, type UDPipeOptions } from 'udpipe'
import { Trace, World, type ConnectOptions, type SimulationOptions, type StartOptions } from 'udpipe/simulator'
import { EchoClient, EchoServer } from '../support/echo-pipes.ts'

const PORT = 1234

interface SetUp extends Partial<SimulationOptions> {
  readonly pipe?: UDPipeOptions
  readonly server?: StartOptions
}

function setUp({ pipe = {}, server: startOptions, ...options }: SetUp = {}) {
  const world = new World({ seed: 1, ...options })
  // How a server's clients are placed is no option of theirs.
  const { privatePorts, ...own } = pipe
  const server = world.start(new EchoServer({ ...own, ...(privatePorts && { privatePorts }) }), PORT, startOptions)
  const connect = (connectOptions?: ConnectOptions) => world.connect(new EchoClient(own), PORT, connectOptions)
  return { world, server, connect }
}

/** A world in which a client stands already. */
function setUpConnected({ client: connectOptions, ...options }: SetUp & { readonly client?: ConnectOptions } = {}) {
  const { connect, ...rest } = setUp({ link: { delayMs: 20 }, ...options })
  const client = connect(connectOptions)
  rest.world.run(500)
  expect(client.log).toEqual(['connected'])
  return { ...rest, connect, client }
}

const layouts: [string, UDPipeOptions][] = [
  ['private ports', {}],
  ['one shared port', { privatePorts: 'shared' }],
  ['the classic protocol', { protocol: 'classic', protocols: ['classic'], security: 'none' }],
]

describe.each(layouts)('World, with %s', (layout, pipe) => {
  it('has clients of a real server connect, talk and close, in the time that the links take', () => {
    const { world, server, connect } = setUp({ pipe, link: { delayMs: 20 } })
    const [first, second] = [connect(), connect()]
    world.run(500)
    first.send('hello')
    world.run(39.9)
    expect(first.log).toEqual(['connected'])
    world.run(0.2)
    expect(first.log).toEqual(['connected', 'echo of hello'])
    void second.close()
    world.run(1_000)
    expect(server.log).toEqual(['1 connected', '2 connected', '1 said hello', '2 left'])
    expect([...server.peers()].map(({ id }) => id)).toEqual([1])
  })

  it('does the same again for the same seed, line by line, and something else for another', () => {
    const play = (seed: number): string => {
      const trace = new Trace(100_000)
      const link = { delayMs: 20, jitterMs: 15, loss: 0.05, duplicate: 0.05, reorder: 0.05 }
      const { world, connect } = setUp({ pipe, seed, trace, link })
      const clients = [connect({ hz: 60 }), connect()]
      for (const client of clients) world.every(50, () => client.isConnected && client.send(`at ${world.now}`))
      world.at(3_000, () => clients.forEach((client) => world.move(client)))
      world.run(6_000)
      return trace.toString()
    }
    expect(play(1).split('\n').length).toBeGreaterThan(500)
    expect(play(1)).toBe(play(1))
    expect(play(2)).not.toBe(play(1))
  })

  it('kills the server without a word, and another takes its place', () => {
    const { world, server, client } = setUpConnected({ pipe: { ...pipe, timeoutMs: 2_000 } })
    world.crash(server)
    client.send('lost')
    world.run(5_000)
    expect(server.log).toEqual(['1 connected'])
    expect(client.log).toContain('timed out')
    const successor = world.restart(server, new EchoServer(pipe))
    expect(world.waitFor(() => successor.log.length > 0)).toBe(true)
    world.run(100)
    client.send('again')
    world.run(200)
    expect([successor.log, client.log.at(-1)]).toEqual([['1 connected', '1 said again'], 'echo of again'])
  })

  it('has a client come from another port, as behind a NAT that forgot it', () => {
    if (layout === 'the classic protocol') return
    const { world, server, client } = setUpConnected({ pipe })
    const before = world.address(client)
    world.move(client)
    client.send('hello')
    world.run(2_000)
    const after = world.address(client)
    expect([after.host, after.port === before.port]).toEqual([before.host, false])
    expect(server.log).toContain(`1 moved to ${after.host}:${after.port}`)
    expect(client.log.at(-1)).toBe('echo of hello')
    expect(client.log).not.toContain('disconnected')
  })
})

describe('World', () => {
  it('plays a minute of a game on a bad network', () => {
    const link = { delayMs: 40, jitterMs: 10, loss: 0.05 }
    const { world, server, connect } = setUp({ seed: 7, link, server: { hz: 60 } })
    const client = connect({ hz: 60, onTick: () => client.isConnected && client.send('x') })
    world.run(60_000)
    expect(world.now).toBe(60_000)
    expect(server.log.filter((line) => line === '1 said x').length).toBeGreaterThan(3_550)
  })

  it('steps a program at its rate, from its phase on, and the game behind each step with the seconds between', () => {
    const times: number[] = []
    const world = new World({ seed: 1 })
    world.start(new EchoServer(), PORT, { hz: 20, phaseMs: 7, onTick: (dt) => times.push(world.now, dt) })
    world.run(150)
    expect(times).toEqual([7, 0.007, 57, 0.05, 107, 0.05])
  })

  it('waits for the tick of a main loop with what arrives, and sends at once what is sent between two', () => {
    const { world, server, client } = setUpConnected({ link: { delayMs: 1 }, server: { hz: 10 } })
    world.runUntil(1_010)
    client.send('x')
    world.runUntil(1_099)
    expect(server.log).toEqual(['1 connected'])
    world.runUntil(1_100)
    expect(server.log).toEqual(['1 connected', '1 said x'])
    world.runUntil(1_150)
    server.sendAll('now')
    world.run(1)
    expect(client.log.at(-1)).toBe('now')
  })

  it('ends the loop of a program with its UDPipe', () => {
    let ticks = 0
    const world = new World({ seed: 1 })
    const server = world.start(new EchoServer(), PORT, { hz: 10, onTick: () => (ticks += 1) })
    world.run(1_000)
    void server.close()
    world.run(1_000)
    expect(ticks).toBe(10)
  })

  it('blocks a main loop: what arrives waits, and nobody is given up for the pause', () => {
    const { world, server, client } = setUpConnected()
    world.pause(server, 8_000)
    world.run(100)
    client.send('into the pause')
    world.run(7_800)
    expect([client.log, server.log]).toEqual([['connected', 'stalled'], ['1 connected']])
    world.run(2_000)
    expect(server.log).toEqual(['1 connected', '1 said into the pause'])
    expect(client.log).toEqual(['connected', 'stalled', 'unstalled', 'echo of into the pause'])
  })

  it('has the late tick of a blocked loop come before what has arrived meanwhile is read', () => {
    const order: string[] = []
    const { world, server, connect } = setUp({ link: { delayMs: 1 } })
    const client = connect({ hz: 10, onTick: () => order.push(`tick at ${world.now}`) })
    client.onNewMessage = () => void order.push(`message at ${world.now}`)
    world.runUntil(1_050)
    order.length = 0
    world.pause(client, 100)
    server.sendAll('x')
    world.runUntil(1_250)
    expect(order).toEqual(['tick at 1150', 'message at 1200', 'tick at 1200'])
  })

  it('gives each client links of its own, over those of the world, and each direction its options', () => {
    const { world, connect } = setUp({ link: { delayMs: 10 } })
    const lucky = connect()
    const unlucky = connect({ link: { delayMs: 30 }, downlink: { loss: 1 } })
    world.run(1_000)
    expect([lucky.isConnected, unlucky.isConnected]).toEqual([true, false])
    expect(world.uplink(lucky).settings).toMatchObject({ delayMs: 10, loss: 0 })
    expect(world.uplink(unlucky).settings).toMatchObject({ delayMs: 30, loss: 0 })
    expect(world.downlink(unlucky).settings).toMatchObject({ delayMs: 30, loss: 1 })
    expect(world.downlink(unlucky).stats.droppedByLoss).toBeGreaterThan(0)
    world.configure(unlucky, { loss: 0 })
    expect(world.waitFor(() => unlucky.isConnected)).toBe(true)
  })

  it('loses everything of a client for a while, which stalls, and delivers what waited', () => {
    const { world, server, client } = setUpConnected()
    world.blackout(client, 3_000)
    world.run(2_000)
    client.send('from the tunnel')
    world.run(900)
    expect([client.log, server.log]).toEqual([['connected', 'stalled'], ['1 connected']])
    world.run(2_000)
    expect(client.log).toEqual(['connected', 'stalled', 'unstalled', 'echo of from the tunnel'])
    world.blackout(client, 100)
    expect(world.uplink(client).settings.partitions).toHaveLength(1)
  })

  it('moves a client to another network, by links like the old ones, and what goes to the old address is lost', () => {
    const { world, server, client } = setUpConnected({ client: { link: { delayMs: 30 } } })
    const before = world.network.strayPackets
    server.sendAll('to the old address')
    world.run(1)
    world.move(client, { host: '12.0.0.1' })
    client.send('hello')
    world.run(2_000)
    expect(world.address(client).host).toBe('12.0.0.1')
    expect(world.uplink(client).settings.delayMs).toBe(30)
    expect(world.downlink(client).settings.delayMs).toBe(30)
    expect(world.network.strayPackets).toBeGreaterThan(before)
    expect(client.log).toEqual(expect.arrayContaining(['echo of hello', 'to the old address']))
    expect(client.log).not.toContain('disconnected')
    expect(server.log).toContain(`1 moved to 12.0.0.1:${world.address(client).port}`)
  })

  it('restarts a client at its host, from another port', () => {
    const { world, server, client } = setUpConnected()
    const successor = world.restart(client, new EchoClient())
    world.run(500)
    expect(successor.isConnected).toBe(true)
    expect(world.address(successor)).toEqual({ host: '11.0.0.1', port: 50_001 })
    expect(server.log).toEqual(['1 connected', '2 connected'])
    expect(() => world.address(client)).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }))
  })

  it('crashes what has crashed already once', () => {
    const { world, server } = setUp()
    world.crash(server)
    world.crash(server)
    expect(world.trace?.lines.filter((line) => line.includes('crashed'))).toHaveLength(1)
  })

  it('starts a server at any free port, tells which, and puts several on one host', () => {
    const world = new World({ seed: 1 })
    const [first, second] = [world.start(new EchoServer(), 0), world.start(new EchoServer(), 0)]
    expect([first, second].map((server) => world.address(server))).toEqual([
      { host: '10.0.0.1', port: 40_000 },
      { host: '10.0.0.1', port: 40_001 },
    ])
    const client = world.connect(new EchoClient(), world.address(second).port)
    world.run(100)
    expect([client.isConnected, [...second.peers()].length]).toEqual([true, 1])
  })

  it('puts a client behind a NAT that shows each destination another port', () => {
    const { world, server, client } = setUpConnected({ client: { mapsPerDestination: true } })
    client.send('x')
    world.run(100)
    const [{ socket } = {}] = world.program(client).ports
    expect([...(socket?.mappings?.values() ?? [])].map(({ port }) => port)).toEqual([50_001, 50_002])
    expect(server.log).toEqual(['1 connected', '1 said x'])
  })

  it('has programs live by clocks that disagree, and estimates the difference', () => {
    const { server, world, client } = setUpConnected({
      server: { clock: { offsetMs: 1e9, driftPpm: 100 } },
      client: { clock: { offsetMs: -5_000 } },
    })
    client.send('x')
    world.run(10_000)
    expect(server.log).toEqual(['1 connected', '1 said x'])
    const [peer] = client.peers()
    expect(Math.abs((peer?.clockOffsetMs ?? 0) - (1e9 + 5_000))).toBeLessThan(5)
  })

  it('keeps the errors that nobody handles, and writes them into the trace', () => {
    const world = new World({ seed: 1 })
    const client = world.connect(new UDPipe({ handshakeTimeoutMs: 1_000 }), PORT, { server: '10.0.0.5' })
    world.run(5_000)
    expect(world.program(client).warnings[0]).toMatchObject({ code: 'ERR_HANDSHAKE_TIMEOUT' })
    expect(world.trace?.toString()).toContain('warning: ')
  })
})

describe('World, misused', () => {
  const code = (name: string) => expect.objectContaining({ code: name, message: expect.any(String) as string }) as Error
  /** As plain JavaScript calls it. */
  const plain = (options: unknown) => options as never
  const moveTo = (to: unknown) => {
    const { world, client } = setUpConnected()
    world.move(client, plain(to))
  }

  it('says at once that a port is taken, and leaves everything as it was', () => {
    const { world, server } = setUp()
    const other = new EchoServer()
    expect(() => world.start(other, PORT)).toThrow(code('ERR_ADDRESS_IN_USE'))
    expect(() => world.program(other)).toThrow(/does not live in this world/)
    world.crash(server)
    expect(() => world.start(new EchoServer(), PORT)).not.toThrow()
  })

  it('takes no UDPipe that has been started, here, elsewhere or on a real network', () => {
    const { world, server } = setUp()
    const another = new World({ seed: 1 })
    expect(() => world.start(server, 1)).toThrow(code('ERR_ALREADY_STARTED'))
    expect(() => another.connect(server, 1)).toThrow(code('ERR_ALREADY_STARTED'))
    world.crash(server)
    expect(() => world.start(server, PORT)).toThrow(/make another/)
    expect(() => world.restart(server, server)).toThrow(/make another/)
    const real = new UDPipe()
    void real.connect('127.0.0.1', 9)
    expect(() => world.start(real, 1)).toThrow(/on a real network/)
    return real.close()
  })

  it('knows no UDPipe of another world, or of none', () => {
    const { world, connect } = setUp()
    const client = connect()
    const another = new World({ seed: 1 })
    for (const ask of ['program', 'address', 'crash', 'uplink', 'downlink', 'move'] as const) {
      expect(() => another[ask](client)).toThrow(/lives in another world/)
      expect(() => world[ask](new UDPipe())).toThrow(/start\(\) or world.connect\(\) it first/)
    }
    expect(() => another.pause(client, 1)).toThrow(code('ERR_ARGUMENT_INVALID'))
  })

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['object', {}],
    ['class', UDPipe],
    ['text', 'server'],
  ])('takes no %s for a UDPipe', (_what, value) => {
    const { world } = setUp()
    expect(() => world.start(plain(value), 1)).toThrow(/needs a UDPipe, of the same copy/)
    expect(() => world.connect(plain(value), 1)).toThrow(code('ERR_ARGUMENT_INVALID'))
    expect(() => world.crash(plain(value))).toThrow(code('ERR_ARGUMENT_INVALID'))
  })

  it('takes no UDPipe with a clock of its own', () => {
    const { world } = setUp()
    expect(() => world.connect(new UDPipe({ clock: () => 0 }), PORT)).toThrow(/in a simulation time is the world's/)
  })

  it('has no links for a server', () => {
    const { world, server } = setUp()
    expect(() => world.uplink(server)).toThrow(/name each of its clients/)
    expect(() => world.blackout(server, 1)).toThrow(code('ERR_ARGUMENT_INVALID'))
  })

  it.each([
    ['World', () => new World(plain({ seed: 1, latency: 5 }))],
    ['link', () => new World(plain({ seed: 1, link: { delay: 5 } }))],
    ['burst', () => new World(plain({ seed: 1, link: { burst: { enterRate: 0, leaveRate: 1, length: 2 } } }))],
    ['start', () => setUp({ server: plain({ Hz: 60 }) })],
    ['clock', () => setUp({ server: plain({ clock: { drift: 60 } }) })],
    ['connect', () => setUp().connect(plain({ delayMs: 5 }))],
    ['link', () => setUp().connect(plain({ uplink: { latencyMs: 5 } }))],
    ['move', () => moveTo({ ip: '1.2.3.4' })],
  ])('names an option of %s that there is not, and those that there are', (what, act) => {
    expect(act).toThrow(code('ERR_OPTION_UNKNOWN'))
    expect(act).toThrow(new RegExp(`^${what}: there is no option '\\w+'; the options are \\w+, \\w+`))
  })

  it.each([
    ['no options', () => new World(plain(undefined)), /World must be an object/],
    ['a list for a link', () => new World({ seed: 1, link: plain('slow') }), /link must be an object/],
    ['a name for a host', () => setUp({ server: { host: 'localhost' } }), /looks up no names/],
    ['a name for a server', () => setUp().connect({ server: 'example.com' }), /looks up no names/],
    ['a phase without a rate', () => setUp({ server: { phaseMs: 5 } }), /phaseMs needs hz/],
    ['a tick without a rate', () => setUp({ server: { onTick: () => {} } }), /onTick needs hz/],
    ['a tick that is no function', () => setUp({ server: { hz: 1, onTick: plain(5) } }), /onTick must be a function/],
    ['a filter that is no function', () => new World({ seed: 1, link: { filter: plain(5) } }), /filter must be a func/],
    ['one partition for a list', () => new World({ seed: 1, link: { partitions: plain({}) } }), /must be a list/],
  ])('takes no %s', (_what, act, message) => {
    expect(act).toThrow(message)
  })

  it.each<[string, () => unknown]>([
    ['seed of -1', () => new World({ seed: -1 })],
    ['missing seed', () => new World(plain({}))],
    ['loss of 5', () => new World({ seed: 1, link: { loss: 5 } })],
    ['loss in words', () => new World({ seed: 1, link: { loss: plain('0.1') } })],
    ['hz of 0', () => setUp({ server: { hz: 0 } })],
    ['hz of 2,000', () => setUp({ server: { hz: 2_000 } })],
    ['hz in words', () => setUp({ server: { hz: plain('60') } })],
    ['phase before now', () => setUp({ server: { hz: 10, phaseMs: -1 } })],
    ['pause that ends before it begins', () => setUp({ server: { pauses: [{ fromMs: 5, untilMs: 1 }] } })],
    ['port of 70,000', () => setUp().connect({ port: 70_000 })],
    ['run of no duration', () => setUp().world.run(plain(undefined))],
    ['run for ever', () => setUp().world.run(Infinity)],
    ['run backwards', () => setUp().world.run(-1)],
    ['time that is none', () => setUp().world.at(NaN, () => {})],
    ['interval of 0', () => setUp().world.every(0, () => {})],
  ])('has no room for a %s', (_what, act) => {
    expect(act).toThrow(RangeError)
  })

  it('takes durations above 0 for pauses and blackouts', () => {
    const { world, server, connect } = setUp()
    const client = connect()
    for (const durationMs of [0, -1, NaN, Infinity]) {
      expect(() => world.pause(server, durationMs)).toThrow(RangeError)
      expect(() => world.blackout(client, durationMs)).toThrow(RangeError)
    }
  })

  it('moves nobody to an address that is taken', () => {
    const { world, connect } = setUp()
    const [first, second] = [connect(), connect()]
    expect(() => world.move(first, world.address(second))).toThrow(code('ERR_ADDRESS_IN_USE'))
    expect(world.address(first)).toEqual({ host: '11.0.0.1', port: 50_000 })
  })

  it('lets no callback have time pass', () => {
    const { world, connect } = setUp()
    const client = connect()
    client.onConnect = () => world.run(1)
    expect(() => world.run(100)).toThrow(code('ERR_REENTRANT_STEP'))
  })

  it('leaves it to UDPipe to judge its own arguments', () => {
    const world = new World({ seed: 1 })
    const pipe = new EchoServer()
    expect(() => world.start(pipe, 70_000)).toThrow(code('ERR_OPTION_INVALID'))
    expect(() => world.connect(new EchoClient(), 0)).toThrow(code('ERR_OPTION_INVALID'))
    expect(world.start(pipe, PORT)).toBe(pipe)
  })
})
