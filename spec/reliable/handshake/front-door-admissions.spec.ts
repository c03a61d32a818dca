import { beforeEach, describe, expect, it } from 'vitest'
import { copyBytes } from '../../../lib/core/bytes.ts'
import { Dialing } from '../../../lib/reliable/handshake/dialing.ts'
import { ReliableFrontDoor } from '../../../lib/reliable/handshake/front-door.ts'
import { helloId } from '../../../lib/reliable/wire/handshake.ts'
import { plainSecurity } from '../../../lib/security/plain.ts'
import type { ReliableAdmission, ReturnOffer } from '../../../lib/session/admission.ts'
import type { ConnectionRequest, FrontDoorEvent } from '../../../lib/session/front-door.ts'
import { Random } from '../../../lib/simulator/index.ts'
import { createSettings } from '../../support/settings.ts'

const source = { host: '198.51.100.7', port: 50_000 }
const elsewhere = { host: '203.0.113.9', port: 9 }
const endpoint = { host: '192.0.2.1', port: 40_000 }
const limits = { mtuBytes: 1_200, maxMessageBytes: 1_000 }
const random = new Random(1)
const randomBytes = (length: number): Uint8Array => random.bytes(length)

/** A client's HELLO, to come back by what it names, if it names something. */
function createHello(userPayload = new Uint8Array(0), resumeId?: Uint8Array): Uint8Array {
  const dialing = new Dialing(0, plainSecurity.create('secret', randomBytes), { limits, userPayload, resumeId })
  const hello = new Uint8Array(limits.mtuBytes)
  dialing.pollTransmit(0, hello)
  return hello
}

describe('ReliableFrontDoor, which is told by id what becomes of those it let in', () => {
  let door: ReliableFrontDoor

  beforeEach(() => {
    door = new ReliableFrontDoor(createSettings(), { token: 'secret', randomBytes })
  })

  function takeRequest(): ConnectionRequest {
    const request = takeEvents().find((event) => event.type === 'request')?.request
    if (request === undefined) throw new Error('Nobody asked to be let in.')
    return request
  }

  /** Lets in who says a HELLO. */
  function letIn(hello = createHello()): ReliableAdmission {
    door.handleDatagram(0, hello, source)
    return door.admit(0, takeRequest(), endpoint)
  }

  function takeEvents(): FrontDoorEvent[] {
    const events: FrontDoorEvent[] = []
    for (let event = door.pollEvent(); event !== undefined; event = door.pollEvent()) events.push(event)
    return events
  }

  /** Who says HELLO to come back by this, and what comes of it. */
  function comeBack(resumeId: Uint8Array | undefined): { hello: Uint8Array; events: FrontDoorEvent[] } {
    const hello = createHello(undefined, resumeId)
    door.handleDatagram(0, hello, elsewhere)
    return { hello, events: takeEvents() }
  }

  function requireOffer(events: readonly FrontDoorEvent[]): ReturnOffer {
    const [event] = events
    if (event?.type !== 'returning') throw new Error('Nobody comes back.')
    return event.offer
  }

  it('hands out plain data that says who was let in, and shares no memory with the HELLO', () => {
    const hello = createHello(Uint8Array.of(1, 2, 3))
    const admission = letIn(hello)
    const { keys, resumeId, ...rest } = admission
    const facts = { protocol: 'reliable', source, payload: Uint8Array.of(1, 2, 3), ticket: undefined, limits }
    expect(rest).toEqual({ ...facts, id: rest.id, helloId: copyBytes(helloId(hello)) })
    expect([keys.send.length, keys.receive.length, resumeId?.length]).toEqual([8, 8, 16])
    const copy = structuredClone(admission)
    hello.fill(0)
    expect(admission).toEqual(copy)
  })

  it('gives each that is let in an id of its own', () => {
    expect(new Set([letIn().id, letIn().id, letIn().id]).size).toBe(3)
  })

  it('offers a return to whose client it was told that it came, and to nobody once it is told that it leaves', () => {
    const { id, resumeId } = letIn()
    expect(comeBack(resumeId).events.map(({ type }) => type)).toEqual(['request'])

    door.handleEstablished(id)
    const { hello, events } = comeBack(resumeId)
    const offer = requireOffer(events)
    expect(events).toEqual([{ type: 'returning', id, offer }])
    expect(offer).toMatchObject({ helloId: copyBytes(helloId(hello)), source: elsewhere, isSourceBound: false })
    expect(structuredClone(offer)).toEqual(offer)

    door.handleEnding(id)
    expect(comeBack(resumeId).events.map(({ type }) => type)).toEqual(['request'])
    expect(comeBack(offer.resumeId).events.map(({ type }) => type)).toEqual(['request'])
  })

  it('binds a return to where its HELLO came from, where clients stay at its port', () => {
    door = new ReliableFrontDoor(createSettings(), { token: 'secret', randomBytes, isPortShared: true })
    const { id, resumeId } = letIn()
    door.handleEstablished(id)
    expect(requireOffer(comeBack(resumeId).events)).toMatchObject({ source: elsewhere, isSourceBound: true })
  })

  it('takes nobody back by what the client had before the return that it was told of, nor by the offers beside it', () => {
    const { id, resumeId } = letIn()
    door.handleEstablished(id)
    const [first, second] = [resumeId, resumeId].map((known) => requireOffer(comeBack(known).events))
    door.handleReturned(id, first?.resumeId ?? new Uint8Array(0))
    const types = [resumeId, second?.resumeId, first?.resumeId].map((known) => comeBack(known).events[0]?.type)
    expect(types).toEqual(['request', 'request', 'returning'])
  })

  it('has whom it let in half way abandoned, by its id, when another HELLO comes from there, and no one who came', () => {
    const first = letIn()
    const second = createHello()
    door.handleDatagram(0, second, source)
    const [superseded, request] = takeEvents()
    expect(superseded).toEqual({ type: 'superseded', id: first.id })
    if (request?.type !== 'request') throw new Error('Nobody asked to be let in.')
    const { id } = door.admit(0, request.request, endpoint)
    door.handleEstablished(id)
    door.handleDatagram(0, createHello(), source)
    expect(takeEvents().map(({ type }) => type)).toEqual(['request'])
  })

  it('counts as half open who neither came nor left nor was superseded', () => {
    const before = door.remembered
    const admissions = [1, 2, 3].map((port) => {
      door.handleDatagram(0, createHello(), { ...source, port })
      return door.admit(0, takeRequest(), endpoint)
    })
    const [first, second, third] = admissions.map(({ id }) => id)
    const all = door.remembered
    door.handleEstablished(first ?? '')
    door.handleEnding(second ?? '')
    door.handleEnding(second ?? '')
    // Each was found by its address, and counted.
    expect(door.remembered).toBe(all - 4)
    door.handleDatagram(0, createHello(), { ...source, port: 3 })
    expect(takeEvents().map(({ type }) => type)).toEqual(['superseded', 'request'])
    expect(door.remembered).toBe(all - 6 + 2)
    for (const id of [first, second, third]) door.forget(id ?? '')
    expect(door.remembered).toBe(before + 2)
  })

  it('passes over what it is told of somebody whom it does not know', () => {
    letIn()
    const { remembered } = door
    door.handleEstablished('nobody')
    door.handleEnding('nobody')
    door.forget('nobody')
    door.handleReturned('nobody', new Uint8Array(16))
    expect(door.remembered).toBe(remembered)
  })
})
