import type { Address } from '../../../lib/core/address.ts'
import { beforeEach, describe, expect, it } from 'vitest'
import { Dialing } from '../../../lib/reliable/handshake/dialing.ts'
import { ReliableFrontDoor } from '../../../lib/reliable/handshake/front-door.ts'
import { decodeGoAway, helloEcho, helloId, MIN_HELLO_BYTES } from '../../../lib/reliable/wire/handshake.ts'
import { plainSecurity } from '../../../lib/security/plain.ts'
import type { ConnectionRequest } from '../../../lib/session/front-door.ts'
import { DEFAULT_FRONT_DOOR_LIMITS } from '../../../lib/session/hello-gate.ts'
import { refusalCodes } from '../../../lib/session/codes.ts'
import type { SessionSettings } from '../../../lib/session/settings.ts'
import { Random } from '../../../lib/simulator/index.ts'
import { ReliableWorld } from '../../support/reliable-world.ts'
import { collectGarbage } from '../../support/collect-garbage.ts'
import { createSettings } from '../../support/settings.ts'
import { flipped } from '../../support/flipped.ts'

const decoder = new TextDecoder()
const source = { host: '198.51.100.7', port: 50_000 }
const elsewhere = { host: '203.0.113.9', port: 9 }
const endpoint = { host: '192.0.2.1', port: 40_000 }
const limits = { mtuBytes: 1_200, maxMessageBytes: 1_000 }

describe('ReliableFrontDoor', () => {
  const random = new Random(1)
  const randomBytes = (length: number) => random.bytes(length)
  let door: ReliableFrontDoor

  beforeEach(() => {
    door = new ReliableFrontDoor(createSettings(), { token: 'secret', randomBytes })
  })

  /** A client's attempt, and its HELLO. */
  function dial(token = 'secret', userPayload: Uint8Array = new Uint8Array(0), mtuBytes = 1_200) {
    const dialing = new Dialing(0, plainSecurity.create(token, randomBytes), {
      limits: { ...limits, mtuBytes },
      userPayload,
    })
    const hello = new Uint8Array(mtuBytes)
    dialing.pollTransmit(0, hello)
    return { dialing, hello }
  }

  function nextRequest(): ConnectionRequest | undefined {
    for (let event = door.pollEvent(); event !== undefined; event = door.pollEvent()) {
      if (event.type === 'request') return event.request
    }
    return undefined
  }

  function takeRequest(): ConnectionRequest {
    const request = nextRequest()
    if (request === undefined) throw new Error('Nobody asked to be let in.')
    return request
  }

  /** Where the last answer went. */
  let destination: Address | undefined

  function answers(): Uint8Array[] {
    const list: Uint8Array[] = []
    const into = new Uint8Array(2_000)
    for (let sent = door.pollTransmit(0, into); sent; sent = door.pollTransmit(0, into)) {
      list.push(into.slice(0, sent.lengthBytes))
      destination = sent.destination
    }
    return list
  }

  it('keeps nothing of the datagram in which HELLO came, once it has let its client in', async () => {
    const admit = () => {
      // Off a socket, a datagram is a view of memory that others share.
      const memory = Buffer.from(new ArrayBuffer(65_536), 100, 1_200)
      memory.set(dial('secret', new Uint8Array(100)).hello)
      door.handleDatagram(0, memory, source)
      return { admission: door.admit(0, takeRequest(), endpoint), memory: new WeakRef(memory.buffer) }
    }
    const { admission, memory } = admit()
    answers()
    await collectGarbage()
    expect(memory.deref()).toBeUndefined()
    expect(admission.payload).toHaveLength(100)
  })

  it('shows who proves the token, with the payload that came along', () => {
    const { hello } = dial('secret', new Uint8Array([1, 2, 3]))
    door.handleDatagram(0, hello, source)
    const request = takeRequest()
    expect(request).toMatchObject({ payload: new Uint8Array([1, 2, 3]), hello, source })
    expect(answers()).toEqual([])
  })

  it('answers with the private port, in fewer bytes than it was asked in', () => {
    const { dialing, hello } = dial('secret', undefined, MIN_HELLO_BYTES)
    door.handleDatagram(0, hello, source)
    door.admit(0, takeRequest(), { host: '1111:2222:3333:4444:5555:6666:7777:8888', port: 65_535 })
    const [connect = new Uint8Array(0)] = answers()
    expect(destination).toEqual(source)
    expect(connect.length).toBeLessThan(hello.length)
    expect(dialing.handleAnswer(50, connect)).toMatchObject({ type: 'shown', payload: { endpoint: { port: 65_535 } } })
  })

  it('answers a HELLO that it has let in with the same bytes, wherever it comes from, and asks nobody', () => {
    const { hello } = dial()
    door.handleDatagram(0, hello, source)
    door.admit(0, takeRequest(), endpoint)
    const [connect] = answers()
    door.handleDatagram(1, hello, source)
    door.handleDatagram(2, hello, elsewhere)
    expect(nextRequest()).toBeUndefined()
    expect(answers()).toEqual([connect, connect])
    expect(destination).toEqual(elsewhere)
    expect(door.stats).toMatchObject({ receivedHellos: 3, admitted: 1 })
  })

  it('where clients stay at its port, says CONNECT to one address only, so that who answers it is there', () => {
    door = new ReliableFrontDoor(createSettings(), { token: 'secret', randomBytes, isPortShared: true })
    const { hello } = dial()
    door.handleDatagram(0, hello, source)
    door.admit(0, takeRequest(), endpoint)
    const [connect] = answers()

    door.handleDatagram(1, hello, elsewhere)
    expect(answers()).toEqual([])
    expect(door.stats.droppedForeign).toBe(1)

    door.handleDatagram(2, hello, source)
    expect(answers()).toEqual([connect])
    expect(destination).toEqual(source)
  })

  it('shows the id by which the client will be known', () => {
    const { hello } = dial()
    door.handleDatagram(0, hello, source)
    expect(takeRequest().id).toEqual(helloId(hello))
  })

  it('requests once for a HELLO that comes again before it is answered', () => {
    const { hello } = dial()
    door.handleDatagram(0, hello, source)
    door.handleDatagram(0, hello, elsewhere)
    const request = takeRequest()
    door.handleDatagram(0, hello, source)
    expect(nextRequest()).toBeUndefined()
    door.admit(0, request, endpoint)
    expect(answers()).toHaveLength(1)
  })

  it('takes another HELLO from the same address for another client', () => {
    for (const { hello } of [dial(), dial()]) door.handleDatagram(0, hello, source)
    door.admit(0, takeRequest(), endpoint)
    expect(nextRequest()?.source).toEqual(source)
  })

  it('says HELLO anew for a replayed HELLO once its session is forgotten', () => {
    const { hello } = dial()
    door.handleDatagram(0, hello, source)
    const { id } = door.admit(0, takeRequest(), endpoint)
    expect(door.remembered).toBeGreaterThan(0)
    door.forget(id)
    door.forget(id)
    expect(door.remembered).toBe(0)
    door.handleDatagram(0, hello, source)
    expect(nextRequest()).toBeDefined()
  })

  it('sends away with a code and a reason, and leaves nothing behind', () => {
    const { dialing, hello } = dial()
    door.handleDatagram(0, hello, source)
    door.refuse(0, takeRequest(), refusalCodes.full, 'full')
    expect(dialing.handleAnswer(50, answers()[0] ?? hello)).toEqual({
      type: 'refused',
      code: refusalCodes.full,
      reason: 'full',
      isFinal: false,
    })
    door.handleDatagram(0, hello, source)
    expect(nextRequest()).toBeDefined()
  })

  it('refuses a wrong token at a constant size, echoing the HELLO, and tells its owner', () => {
    const { hello } = dial('wrong', new Uint8Array(400))
    const other = dial('also wrong').hello
    door.handleDatagram(0, hello, source)
    door.handleDatagram(0, other, source)
    expect(door.pollEvent()).toEqual({ type: 'bad-token', hello, source })
    const [first = hello, second = hello] = answers()
    expect(decodeGoAway(first)).toEqual({
      echo: helloEcho(hello),
      code: refusalCodes.badToken,
      reason: 'the token is wrong',
      isFinal: false,
    })
    expect(second.length).toBe(first.length)
    expect(door.stats).toMatchObject({ badTokens: 2, admitted: 0 })
  })

  it('refuses another version and names its own, whatever is in the HELLO', () => {
    const hello = new Uint8Array(MIN_HELLO_BYTES).fill(0xab)
    hello.set(dial().hello.subarray(0, 9))
    hello[6] = 2
    door.handleDatagram(0, hello, source)
    const [answer = hello] = answers()
    expect(decodeGoAway(answer)).toEqual({
      echo: helloEcho(hello),
      code: refusalCodes.badVersion,
      reason: 'this server speaks version 1',
      isFinal: false,
    })
    expect(answer.length).toBeLessThan(hello.length)
  })

  it('drops, counts and does not answer a HELLO that is too short, in any version', () => {
    const { hello } = dial()
    door.handleDatagram(0, hello.subarray(0, MIN_HELLO_BYTES - 1), source)
    hello[6] = 2
    door.handleDatagram(0, hello.subarray(0, MIN_HELLO_BYTES - 1), source)
    expect(answers()).toEqual([])
    expect(door.stats).toMatchObject({ droppedMalformed: 2, receivedHellos: 0 })
  })

  it('drops and counts a HELLO that proves the token and asks for what cannot be', () => {
    const dialing = new Dialing(0, plainSecurity.create('secret', randomBytes), {
      limits: { mtuBytes: 1_200, maxMessageBytes: 0 },
      userPayload: new Uint8Array(0),
    })
    const hello = new Uint8Array(1_200)
    dialing.pollTransmit(0, hello)
    door.handleDatagram(0, hello, source)
    expect(nextRequest()).toBeUndefined()
    expect(door.stats.droppedMalformed).toBe(1)
  })

  it('does not mind any one flipped bit of a HELLO', () => {
    const { hello } = dial()
    for (let bit = 0; bit < 80 * 8; bit += 1) {
      const changed = flipped(hello, bit)
      door.handleDatagram(0, changed, source)
      expect(nextRequest()).toBeUndefined()
    }
  })

  it('keeps a bounded number of answers and requests, and counts the rest', () => {
    const limits = { maxRefusalsPerSecond: Infinity, maxHellosPerSecondPerAddress: Infinity, retryThreshold: 5_000 }
    const most = { ...DEFAULT_FRONT_DOOR_LIMITS, ...limits, maxHandshakesPerAddress: Infinity }
    door = new ReliableFrontDoor(createSettings(), { token: 'secret', randomBytes, limits: most })
    const { hello } = dial('wrong')
    for (let i = 0; i < 1_100; i += 1) door.handleDatagram(0, hello, source)
    expect(answers()).toHaveLength(1_024)
    expect(door.stats).toMatchObject({ badTokens: 1_100, droppedAnswers: 76 })
    for (let i = 0; i < 1_030; i += 1) door.handleDatagram(0, dial().hello, source)
    expect(door.stats.droppedAnswers).toBe(76 + 6)
  })

  it('can be asked again after an endpoint that CONNECT cannot name', () => {
    door.handleDatagram(0, dial().hello, source)
    const request = takeRequest()
    expect(() => door.admit(0, request, { host: 'example.com', port: 1 })).toThrow(RangeError)
    expect(() => door.refuse(0, request, 70_000, '')).toThrow(RangeError)
    expect(door.admit(0, request, endpoint).source).toEqual(source)
  })

  it('does not take a request that is none of its own', () => {
    const other = new ReliableFrontDoor(createSettings(), { token: 'secret', randomBytes })
    door.handleDatagram(0, dial().hello, source)
    const request = takeRequest()
    expect(() => other.admit(0, request, endpoint)).toThrow('another front door')
    expect(() => door.admit(0, { ...request }, endpoint)).toThrow('another front door')
  })

  it('knows a HELLO of its own by its first bytes', () => {
    expect(door.isHello(dial().hello)).toBe(true)
    expect(door.isHello(new TextEncoder().encode('HELLO secret'))).toBe(false)
  })
})

describe('ReliableFrontDoor: a client that begins again', () => {
  it('ends the session that it had left half way, and no other client’s', () => {
    const world = new ReliableWorld({ seed: 1, link: { delayMs: 25 }, settings: { handshakeTimeoutMs: 2_000 } })
    const neighbour = world.dial({ uplink: { filter: (bytes) => decoder.decode(bytes.subarray(0, 5)) === 'HELLO' } })
    const client = world.dial({
      settings: { handshakeTimeoutMs: 500, reconnect: { minDelayMs: 10, maxDelayMs: 10, attempts: Infinity } },
      uplink: { filter: (bytes) => decoder.decode(bytes.subarray(0, 5)) === 'HELLO' },
    })
    const counts = new Set<number>()
    for (let i = 0; i < 18; i += 1) {
      world.run(100)
      if (i > 1) counts.add(world.server.clientCount)
    }
    expect(client.session.stats.sentPackets).toBeGreaterThan(6)
    expect([...counts]).toEqual([2])
    expect(world.serverEnd(neighbour)?.session.state).toBe('connecting')
  })
})

describe('ReliableFrontDoor: a client that comes back', () => {
  /** A connection that its client has lost, and is about to dial for again. */
  function lose(settings: Partial<SessionSettings> = {}, isPortShared = false) {
    const requests: ConnectionRequest[] = []
    const world = new ReliableWorld({
      seed: 1,
      link: { delayMs: 25 },
      settings: { timeoutMs: 3_000, ...settings },
      isPortShared,
      server: {
        onFrontDoorEvent: (event) => {
          if (event.type === 'request') requests.push(event.request)
        },
      },
    })
    const { client, server } = world.connect()
    const setCut = (isCut: boolean): void => {
      for (const link of [world.uplink(client), world.downlink(client)]) link.configure({ loss: isCut ? 1 : 0 })
    }
    setCut(true)
    world.run(4_000)
    return { world, client, server, requests, setCut }
  }

  it('is shown the same private port, and nobody is asked', () => {
    const { world, client, server, requests, setCut } = lose()
    expect(server.session.state).toBe('waiting')
    setCut(false)
    world.waitFor(() => client.session.state === 'connected')
    expect(world.serverEnd(client)).toBe(server)
    expect(server.session.state).toBe('connected')
    expect(requests).toHaveLength(1)
    expect(world.server.frontDoors[0]?.stats).toMatchObject({ admitted: 1, returned: 1 })
  })

  it('is somebody new once the connection is not kept any more', () => {
    const { world, client, server, requests, setCut } = lose({ resumeWindowMs: 2_000 })
    world.run(2_000)
    expect(server.isOver).toBe(true)
    setCut(false)
    world.waitFor(() => client.session.state === 'connected')
    expect(requests).toHaveLength(2)
  })

  it('changes nothing with its HELLO alone, from wherever that comes', () => {
    const hellos: Uint8Array[] = []
    const { world, client, server } = lose()
    world.uplink(client).configure({
      filter: (bytes) => {
        hellos.push(bytes.slice())
        return false
      },
    })
    world.run(2_000)
    for (const hello of hellos) world.network.inject(world.now, hello, elsewhere, world.server.address)
    world.run(100)
    expect(world.server.frontDoors[0]?.stats.returned).toBeGreaterThan(0)
    expect(server.session.state).toBe('waiting')
    expect(server.session.remote).toEqual(client.socket.address)
  })

  /** A client that comes back, of which only what is not its CONNECT arrives, with all that it says. */
  function returnUnheard(isPortShared: boolean) {
    const stage = lose({}, isPortShared)
    const { world, client, setCut } = stage
    const said: Uint8Array[] = []
    setCut(false)
    world.uplink(client).configure({
      filter: (bytes) => {
        said.push(bytes.slice())
        return decoder.decode(bytes.subarray(0, 7)) !== 'CONNECT'
      },
    })
    const saidLast = (word: string): Uint8Array | undefined =>
      said.findLast((bytes) => decoder.decode(bytes.subarray(0, word.length)) === word)
    world.waitFor(() => saidLast('CONNECT') !== undefined)
    return {
      ...stage,
      hello: saidLast('HELLO') ?? new Uint8Array(0),
      connect: saidLast('CONNECT') ?? new Uint8Array(0),
    }
  }

  it('is where its CONNECT comes from', () => {
    const { world, server, connect } = returnUnheard(false)
    world.network.inject(world.now, connect, elsewhere, server.socket.address)
    world.run(30)
    expect(server.session.state).toBe('connected')
    expect(server.session.remote).toEqual(elsewhere)
  })

  it('is believed to be nowhere but where its HELLO came from, where the port is shared', () => {
    const { world, client, server, hello, connect } = returnUnheard(true)
    const { droppedForeign } = server.session.stats
    world.network.inject(world.now, hello, elsewhere, world.server.address)
    world.network.inject(world.now, connect, elsewhere, server.socket.address)
    world.run(30)
    expect(world.server.frontDoors[0]?.stats.droppedForeign).toBe(1)
    expect(server.session.stats.droppedForeign - droppedForeign).toBe(1)
    expect(server.session.state).toBe('waiting')

    world.uplink(client).configure({ filter: () => true })
    world.waitFor(() => server.session.state === 'connected')
    expect(server.session.remote).toEqual(client.socket.address)
  })

  it('names its HELLO in CONNECT, and is not taken for one that names another', () => {
    const { world, server, connect } = returnUnheard(false)
    const other = connect.slice()
    other[9] = (other[9] ?? 0) ^ 1
    world.network.inject(world.now, other, elsewhere, server.socket.address)
    world.run(30)
    expect(server.session.state).toBe('waiting')
  })

  it('may have missed any number of answers to it', () => {
    const { world, client, server, setCut } = lose({ handshakeTimeoutMs: 300, resumeWindowMs: 400_000 })
    world.uplink(client).configure({ loss: 0 })
    // Every half a minute there is another HELLO to answer.
    world.run(200_000)
    expect(world.server.frontDoors[0]?.stats.returned).toBeGreaterThan(4)
    setCut(false)
    world.waitFor(() => client.session.state === 'connected')
    expect(world.serverEnd(client)).toBe(server)
  })
})
