import { describe, expect, it } from 'vitest'
import type { Address } from '../../lib/core/address.ts'
import type { FrontDoor, FrontDoorEvent, FrontDoorStats, ConnectionRequest } from '../../lib/session/front-door.ts'
import type { SessionEvent } from '../../lib/session/session.ts'
import { refusalCodes } from '../../lib/session/refusal-codes.ts'
import { World } from '../../lib/simulator/index.ts'
import type { LoopOptions, SimulationOptions } from '../../lib/simulator/index.ts'
import { EchoSession } from '../support/echo-session.ts'

/** A front door that answers any datagram which begins with 'H' with the private port, or with a refusal. */
class EchoDoor implements FrontDoor {
  readonly protocol = 'reliable'
  readonly stats = { admitted: 0, refused: 0 } as FrontDoorStats
  destination: Address = { host: '', port: 0 }
  readonly forgotten: unknown[] = []
  readonly #events: FrontDoorEvent[] = []
  readonly #answers: { to: Address; bytes: Uint8Array }[] = []

  isHello(bytes: Uint8Array): boolean {
    return bytes[0] === 72
  }

  handleDatagram(_now: number, hello: Uint8Array, source: Address): void {
    this.#events.push({ type: 'request', request: { payload: hello.subarray(1), hello, source } })
  }

  admit(now: number, request: ConnectionRequest, endpoint: Address): EchoSession {
    this.stats.admitted += 1
    this.#answers.push({ to: request.source, bytes: new Uint8Array([1, endpoint.port >> 8, endpoint.port & 255]) })
    return new EchoSession(now, request.source, { isEchoing: true })
  }

  refuse(_now: number, request: ConnectionRequest, code: number): void {
    this.stats.refused += 1
    this.#answers.push({ to: request.source, bytes: new Uint8Array([2, code]) })
  }

  setToken(token: string): void {
    expect(token).toBe('no token is ever set')
  }

  forget(session: unknown): void {
    this.forgotten.push(session)
  }

  pollEvent(): FrontDoorEvent | undefined {
    return this.#events.shift()
  }

  pollTransmit(_now: number, into: Uint8Array): number {
    const answer = this.#answers.shift()
    if (answer === undefined) return 0
    this.destination = answer.to
    into.set(answer.bytes)
    return answer.bytes.length
  }
}

/** A client that says HELLO once and then talks to the private port. */
class EchoClient extends EchoSession {
  #remote: Address
  #isToGreet = true

  constructor(now: number, server: Address) {
    super(now, server)
    this.#remote = server
    Object.defineProperty(this, 'destination', { get: () => this.#remote })
    this.state = 'dialing'
  }

  override handleDatagram(now: number, bytes: Uint8Array, source: Address): void {
    if (this.state !== 'dialing') {
      super.handleDatagram(now, bytes, source)
      return
    }
    if (bytes[0] === 2) this.emit({ type: 'refused', code: bytes[1] ?? 0, reason: '', willReconnect: false })
    if (bytes[0] !== 1) return
    this.#remote = { host: source.host, port: ((bytes[1] ?? 0) << 8) | (bytes[2] ?? 0) }
    this.state = 'connected'
  }

  override pollTransmit(now: number, into: Uint8Array): number {
    if (!this.#isToGreet) return super.pollTransmit(now, into)
    this.#isToGreet = false
    into.set([72, 105])
    return 2
  }
}

interface SetUp extends Partial<SimulationOptions> {
  readonly maxClients?: number
  readonly loop?: LoopOptions
}

function setUp({ maxClients, loop, ...options }: SetUp = {}) {
  const doors: EchoDoor[] = []
  const admitted: { endpoint: End; request: ConnectionRequest }[] = []
  const events: SessionEvent['type'][] = []
  const world = new World({
    seed: 1,
    ...options,
    server: {
      frontDoors: [
        () => {
          const door = new EchoDoor()
          doors.push(door)
          return door
        },
      ],
      ...(maxClients === undefined ? {} : { maxClients }),
      ...(loop === undefined ? {} : { loop }),
      onAdmit: (endpoint, request) => admitted.push({ endpoint, request }),
      onEvent: ({ type }) => events.push(type),
    },
  })
  const dial = (extra = {}) => world.addClient({ session: ({ now, server }) => new EchoClient(now, server), ...extra })
  return { world, doors, admitted, events, dial }
}

describe('World', () => {
  it('lets a client in through the front door, onto a private port of its own', () => {
    const { world, admitted, dial } = setUp({ link: { delayMs: 10 } })
    const [first, second] = [dial(), dial()]
    world.run(25)
    expect(admitted.map(({ endpoint }) => endpoint.socket.address.port)).toEqual([40_000, 40_001])
    expect(admitted[0]?.request.source).toEqual(first.socket.address)
    expect(world.serverEnd(second)).toBe(admitted[1]?.endpoint)
    expect(world.server.clientCount).toBe(2)
    const texts: string[] = []
    second.onEvent = (event) => event.type === 'message' && texts.push(new TextDecoder().decode(event.message))
    second.send('hello')
    world.run(25)
    expect(texts).toEqual(['hello'])
  })

  it('refuses whom it has no room for', () => {
    const { world, doors, dial } = setUp({ maxClients: 1 })
    const refusals: SessionEvent[] = []
    const [first, second] = [dial(), dial({ onEvent: (event: SessionEvent) => refusals.push(event) })]
    world.run(10)
    expect([first.session.state, second.session.state]).toEqual(['connected', 'dialing'])
    expect(refusals).toEqual([{ type: 'refused', code: refusalCodes.full, reason: '', willReconnect: false }])
    expect(doors[0]?.stats).toMatchObject({ admitted: 1, refused: 1 })
  })

  it('forgets a client that closed, and has room again', () => {
    const { world, doors, events, admitted, dial } = setUp({ maxClients: 1 })
    const first = dial()
    world.run(10)
    first.close()
    world.run(10)
    expect(doors[0]?.forgotten).toEqual([admitted[0]?.endpoint.session])
    expect(events).toEqual(['closed'])
    const second = dial()
    world.run(10)
    expect([second.session.state, world.server.clientCount]).toEqual(['connected', 1])
  })

  it('steps its server at its own pace', () => {
    const { world, dial } = setUp({ loop: { stepMs: 50, phaseMs: 7 } })
    const client = dial()
    world.run(6)
    expect(client.session.state).toBe('dialing')
    world.run(2)
    expect(client.session.state).toBe('connected')
  })

  it('drops at the public port what comes while the server is paused and its inbox is full', () => {
    const { world, dial } = setUp({ loop: { pauses: [{ fromMs: 0, untilMs: 100 }], inboxPackets: 3 } })
    for (let i = 0; i < 5; i += 1) dial()
    world.run(200)
    expect([world.server.clientCount, world.server.droppedArrivals]).toEqual([3, 2])
  })

  it('gives each client links of its own', () => {
    const { world, dial } = setUp({ link: { delayMs: 10 } })
    const lucky = dial()
    const unlucky = dial({ downlink: { lossRate: 1 } })
    world.run(100)
    expect([lucky.session.state, unlucky.session.state]).toEqual(['connected', 'dialing'])
    expect(world.downlink(unlucky).stats.droppedByLoss).toBe(1)
    expect(world.uplink(unlucky).settings).toMatchObject({ delayMs: 10, lossRate: 0 })
  })

  it('kills and restarts its server, which knows nobody then', () => {
    const { world, doors, dial } = setUp()
    const client = dial()
    world.run(10)
    world.restartServer()
    client.send('lost')
    world.run(10)
    expect([world.server.clientCount, world.network.strayPackets, doors.length]).toEqual([0, 1, 2])
    expect(dial().name).toBe('client 2')
    world.run(10)
    expect(world.server.clientCount).toBe(1)
  })

  it('finds a free private port beside those that are taken', () => {
    const { world, admitted, dial } = setUp()
    dial({ address: { host: world.server.address.host, port: 40_000 } })
    world.run(10)
    expect(admitted[0]?.endpoint.socket.address.port).toBe(40_001)
  })

  it('moves a client to another host, by links like the old ones, and what goes to the old address is lost', () => {
    const { world, admitted, dial } = setUp({ link: { delayMs: 10 } })
    const client = dial({ link: { delayMs: 30 } })
    world.run(100)
    const to = { host: '12.0.0.1', port: 7 }
    world.move(client, to)
    expect(client.socket.address).toEqual(to)
    expect(world.uplink(client).settings.delayMs).toBe(30)
    expect(world.downlink(client).settings.delayMs).toBe(30)
    const before = world.network.strayPackets
    admitted[0]?.endpoint.send('to the old address')
    world.run(100)
    expect(world.network.strayPackets).toBe(before + 1)
  })

  it('lets go of a client that is over, and of no other, and gives its number to nobody else', () => {
    const { world, dial } = setUp()
    const [first, second] = [dial(), dial()]
    first.stop()
    world.forget(first)
    world.forget(second)
    expect(world.clients).toEqual([second])
    expect(dial().name).toBe('client 3')
  })

  it('puts a client behind a NAT that shows the private port another address', () => {
    const { world, dial } = setUp()
    const client = dial({ mapsPerDestination: true })
    world.run(10)
    client.send('x')
    world.run(10)
    expect([...(client.socket.mappings?.values() ?? [])].map(({ port }) => port)).toEqual([50_001, 50_002])
  })
})
