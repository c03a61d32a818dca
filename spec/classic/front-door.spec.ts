import { describe, expect, it } from 'vitest'
import { ClassicFrontDoor } from '../../lib/classic/front-door.ts'
import { formatAddress, type Address } from '../../lib/core/address.ts'
import { DEFAULT_FRONT_DOOR_LIMITS, HelloGate } from '../../lib/session/hello-gate.ts'
import type { FrontDoorEvent, ConnectionRequest } from '../../lib/session/front-door.ts'
import { toBytes, toText } from '../support/classic-probe.ts'

const client: Address = { host: '198.51.100.7', port: 50_000 }
const endpoint: Address = { host: '192.0.2.1', port: 40_000 }

function sourceOf(number: number): Address {
  return { host: `198.51.${number >> 8}.${number & 255}`, port: 50_000 }
}

function hello(door: ClassicFrontDoor, text = 'HELLO secret', source = client): void {
  door.handleDatagram(0, toBytes(text), source)
}

function takeEvents(door: ClassicFrontDoor): FrontDoorEvent[] {
  const events: FrontDoorEvent[] = []
  for (let event = door.pollEvent(); event; event = door.pollEvent()) events.push(event)
  return events
}

function takeRequests(door: ClassicFrontDoor): ConnectionRequest[] {
  return takeEvents(door).flatMap((event) => (event.type === 'request' ? [event.request] : []))
}

function takeRequest(door: ClassicFrontDoor): ConnectionRequest {
  const [request, ...more] = takeRequests(door)
  if (request === undefined || more.length > 0) throw new Error('Exactly one request was expected.')
  return request
}

function takeAnswers(door: ClassicFrontDoor): string[] {
  const answers: string[] = []
  const into = new Uint8Array(100)
  for (let sent = door.pollTransmit(0, into); sent; sent = door.pollTransmit(0, into)) {
    answers.push(`${formatAddress(sent.destination)} ${toText(into.slice(0, sent.lengthBytes))}`)
  }
  return answers
}

function createDoor(token = 'secret'): ClassicFrontDoor {
  return new ClassicFrontDoor(token)
}

describe('the classic front door', () => {
  it('knows a HELLO by its first bytes, and one of another protocol too', () => {
    const door = createDoor()
    expect(['HELLO', 'HELLO ', 'HELLO secret', 'HELLO wrong'].map((text) => door.isHello(toBytes(text)))).toEqual(
      Array(4).fill(true),
    )
    expect(['', 'HELL', 'HELLO\0\x01', 'HELLOsecret', 'PING'].map((text) => door.isHello(toBytes(text)))).toEqual(
      Array(5).fill(false),
    )
  })

  it('hands over the request of who has the token', () => {
    const door = createDoor()
    hello(door)
    expect(takeEvents(door)).toEqual([
      { type: 'request', request: { payload: new Uint8Array(0), hello: toBytes('HELLO secret'), source: client } },
    ])
    expect(takeAnswers(door)).toEqual([])
  })

  it('shows who is let in a private port, and hands out what a session is made from', () => {
    const door = createDoor()
    hello(door)
    const { id, ...admission } = door.admit(0, takeRequest(door), endpoint)
    expect(takeAnswers(door)).toEqual(['198.51.100.7:50000 CONNECT 192.0.2.1 40000'])
    expect(id).not.toBe('')
    expect(admission).toEqual({ protocol: 'classic', source: client, payload: new Uint8Array(0), ticket: undefined })
  })

  it('gives each that is let in an id of its own', () => {
    const door = createDoor()
    for (const port of [1, 2, 3]) hello(door, 'HELLO secret', { ...client, port })
    const ids = takeRequests(door).map((request) => door.admit(0, request, endpoint).id)
    expect(new Set(ids).size).toBe(3)
  })

  it('answers a repeated HELLO with the same CONNECT, and requests no second time', () => {
    const door = createDoor()
    hello(door)
    door.admit(0, takeRequest(door), endpoint)
    hello(door)
    hello(door)
    expect(takeEvents(door)).toEqual([])
    expect(takeAnswers(door)).toEqual(Array(3).fill('198.51.100.7:50000 CONNECT 192.0.2.1 40000'))
    expect(door.stats).toMatchObject({ receivedHellos: 3, admitted: 1 })
  })

  it('requests once, however often HELLO is repeated before there is an answer', () => {
    const door = createDoor()
    hello(door)
    hello(door)
    const request = takeRequest(door)
    hello(door)
    expect(takeEvents(door)).toEqual([])

    door.admit(0, request, endpoint)

    expect(takeAnswers(door)).toHaveLength(1)
  })

  it('tells clients behind one NAT apart by their ports', () => {
    const door = createDoor()
    hello(door)
    hello(door, 'HELLO secret', { ...client, port: 50_001 })
    expect(takeRequests(door).map(({ source }) => source.port)).toEqual([50_000, 50_001])
  })

  it('says GO AWAY! to a wrong token, once for each HELLO, and tells', () => {
    const door = createDoor()
    hello(door, 'HELLO wrong')
    hello(door, 'HELLO secre')
    hello(door, 'HELLO secret ')
    hello(door, 'HELLO')
    const texts = ['HELLO wrong', 'HELLO secre', 'HELLO secret ', 'HELLO']
    expect(takeEvents(door)).toEqual(texts.map((text) => ({ type: 'bad-token', hello: toBytes(text), source: client })))
    expect(takeAnswers(door)).toEqual(Array(4).fill('198.51.100.7:50000 GO AWAY!'))
    expect(door.stats).toMatchObject({ receivedHellos: 4, badTokens: 4 })
  })

  it('takes HELLO with and without a space for the empty token', () => {
    const door = createDoor('')
    hello(door, 'HELLO', sourceOf(1))
    hello(door, 'HELLO ', sourceOf(2))
    expect(takeRequests(door)).toHaveLength(2)
  })

  it('says GO AWAY! to who is refused, and forgets it', () => {
    const door = createDoor()
    hello(door)
    door.refuse(0, takeRequest(door), 7, 'full')
    expect(takeAnswers(door)).toEqual(['198.51.100.7:50000 GO AWAY!'])
    expect(door.stats.refused).toBe(1)

    hello(door)

    expect(takeRequests(door)).toHaveLength(1)
  })

  it('drops and counts what is no HELLO', () => {
    const door = createDoor()
    for (const text of ['', 'PING', 'CONNECT', 'HELLO\0']) hello(door, text)
    expect(door.stats).toMatchObject({ droppedMalformed: 4, receivedHellos: 0 })
    expect(takeEvents(door)).toEqual([])
    expect(takeAnswers(door)).toEqual([])
  })

  it('asks for another token once it is changed', () => {
    const door = createDoor()
    door.setToken('other')
    hello(door, 'HELLO secret')
    hello(door, 'HELLO other')
    expect(takeEvents(door).map(({ type }) => type)).toEqual(['bad-token', 'request'])
  })

  it('throws where a token could not travel', () => {
    expect(() => createDoor('two words')).toThrow(RangeError)
    expect(() => createDoor().setToken('two words')).toThrow(RangeError)
  })

  it('lets an address request anew once its session is forgotten', () => {
    const door = createDoor()
    hello(door)
    const { id } = door.admit(0, takeRequest(door), endpoint)
    door.forget(id)
    door.forget(id)
    hello(door)
    expect(takeRequests(door)).toHaveLength(1)
  })

  it('lets an address request anew while its session ends', () => {
    const door = createDoor()
    hello(door)
    const first = door.admit(0, takeRequest(door), endpoint)
    door.handleEstablished(first.id)
    hello(door)
    expect(takeRequests(door)).toEqual([])
    door.handleEnding(first.id)
    hello(door)
    door.admit(0, takeRequest(door), { ...endpoint, port: 40_001 })
    takeAnswers(door)

    door.forget(first.id)
    hello(door)

    expect(takeAnswers(door)).toEqual(['198.51.100.7:50000 CONNECT 192.0.2.1 40001'])
  })

  it('counts a handshake as half open until its client has come or gone, and no other one of its address', () => {
    const gate = new HelloGate(DEFAULT_FRONT_DOOR_LIMITS, (length) => new Uint8Array(length))
    const door = new ClassicFrontDoor('secret', gate)
    hello(door)
    const first = door.admit(0, takeRequest(door), endpoint)
    expect(gate.halfOpen.size).toBe(1)
    door.handleEstablished(first.id)
    expect(gate.halfOpen.size).toBe(0)

    door.handleEnding(first.id)
    hello(door)
    door.handleEstablished(first.id)
    expect(gate.halfOpen.size).toBe(1)
    const second = door.admit(0, takeRequest(door), endpoint)
    door.forget(first.id)
    expect(gate.halfOpen.size).toBe(1)
    door.forget(second.id)
    expect(gate.halfOpen.size).toBe(0)
  })

  it('passes over what it is told of somebody whom it does not know', () => {
    const door = createDoor()
    hello(door)
    door.admit(0, takeRequest(door), endpoint)
    takeAnswers(door)
    door.handleEstablished('nobody')
    door.handleReturned()
    door.handleEnding('nobody')
    door.forget('nobody')
    hello(door)
    expect(takeAnswers(door)).toHaveLength(1)
  })

  it('names the address that HELLO was sent to where its own has a zone', () => {
    const door = createDoor()
    hello(door)
    door.admit(0, takeRequest(door), { host: 'fe80::1%eth0', port: 40_000 })
    expect(takeAnswers(door)).toEqual(['198.51.100.7:50000 CONNECT :: 40000'])
  })

  it('throws where CONNECT could not name the private port, and the request still waits', () => {
    const door = createDoor()
    hello(door)
    const request = takeRequest(door)
    expect(() => door.admit(0, request, { host: 'game.example', port: 40_000 })).toThrow(RangeError)
    door.refuse(0, request, 0, '')
    expect(takeAnswers(door)).toEqual(['198.51.100.7:50000 GO AWAY!'])
  })

  it('throws where a request is answered twice', () => {
    const door = createDoor()
    hello(door)
    const request = takeRequest(door)
    door.admit(0, request, endpoint)
    expect(() => door.admit(0, request, endpoint)).toThrow('already answered')
    expect(() => {
      door.refuse(0, request, 0, '')
    }).toThrow('already answered')
  })

  it('queues a bounded number of answers, and counts those that did not fit in', () => {
    const door = createDoor()
    for (let number = 0; number < 2_000; number += 1) hello(door, 'HELLO wrong', sourceOf(number))
    takeEvents(door)
    expect(takeAnswers(door)).toHaveLength(1_024)
    expect(door.stats.droppedAnswers).toBe(2_000 - 1_024)
  })

  it('holds a bounded number of requests that nobody answers, and counts the others', () => {
    const door = createDoor()
    for (let number = 0; number < 2_000; number += 1) hello(door, 'HELLO secret', sourceOf(number))
    const requests = takeRequests(door)
    expect(requests).toHaveLength(1_024)
    expect(door.stats.droppedAnswers).toBe(2_000 - 1_024)

    for (const request of requests) door.refuse(0, request, 0, '')
    hello(door, 'HELLO secret', sourceOf(1_999))

    expect(takeRequests(door)).toHaveLength(1)
  })
})
