import { describe, expect, it, vi, type MockInstance } from 'vitest'
import { ReliableServerSession } from '../../../lib/reliable/connection/server-session.ts'
import { encodeConnectPrefix } from '../../../lib/reliable/wire/handshake.ts'
import type { ReliableAdmission, ReturnOffer, SealerKeys } from '../../../lib/session/admission.ts'
import type { Sealer } from '../../../lib/security/sealer.ts'
import { plainSecurity } from '../../../lib/security/plain.ts'
import type { SessionEvent } from '../../../lib/session/session.ts'
import { PacketForge } from '../../support/packet-forge.ts'
import { createSettings } from '../../support/settings.ts'

const source = { host: '198.51.100.7', port: 50_000 }
const elsewhere = { host: '203.0.113.9', port: 9 }
const idOf = (byte: number): Uint8Array => new Uint8Array(16).fill(byte)
const keysOf = (byte: number): SealerKeys => ({
  send: new Uint8Array(8).fill(byte),
  receive: new Uint8Array(8).fill(byte + 100),
})
const wiped: SealerKeys = { send: new Uint8Array(8), receive: new Uint8Array(8) }

/** A session, and the client that has its keys. */
function createStage() {
  const wipes: MockInstance<Sealer['wipe']>[] = []
  /** Of each sealer that was made, whether it was wiped. */
  const areWiped = (): boolean[] => wipes.map(({ mock }) => mock.calls.length > 0)
  const admission: ReliableAdmission = {
    protocol: 'reliable',
    id: 'a',
    source,
    payload: new Uint8Array(0),
    ticket: undefined,
    helloId: idOf(1),
    resumeId: idOf(2),
    limits: { mtuBytes: 1_200, maxMessageBytes: 1_000 },
    keys: keysOf(1),
  }
  const session = new ReliableServerSession(0, {
    settings: createSettings({ timeoutMs: 2_000 }),
    admission,
    security: {
      createSealer: (keys) => {
        const sealer = plainSecurity.createSealer(keys)
        wipes.push(vi.spyOn(sealer, 'wipe'))
        return sealer
      },
    },
    tuning: {},
    randomBytes: (length) => new Uint8Array(length),
  })
  const types = (): SessionEvent['type'][] => {
    const list: SessionEvent['type'][] = []
    for (let event = session.pollEvent(); event; event = session.pollEvent()) list.push(event.type)
    return list
  }
  /** Under the keys of the day, but with numbers that go on. */
  let clientSealer = plainSecurity.createSealer(keysOf(1))
  const forge = new PacketForge(
    {
      overheadBytes: 8,
      confidentialityLimit: Infinity,
      integrityLimit: Infinity,
      seal: (packetNumber, buffer, headerLength, length) =>
        clientSealer.seal(packetNumber, buffer, headerLength, length),
      open: () => -1,
      wipe: () => {},
    },
    1_200,
  )
  /** The client's CONNECT to a HELLO of this id, under its keys. */
  const connect = (now: number, byte: number, from = source, helloId = idOf(byte)): void => {
    const { send, receive } = keysOf(byte)
    clientSealer = plainSecurity.createSealer({ send: receive, receive: send })
    const packet = forge.forge((writer) => writer.ping(1, 0), 1)
    session.handleDatagram(now, Uint8Array.of(...encodeConnectPrefix(helloId), ...packet), from)
  }
  const offer = (byte: number, isSourceBound = false): ReturnOffer => {
    const value = { helloId: idOf(byte), resumeId: idOf(byte + 50), keys: keysOf(byte), source, isSourceBound }
    session.offerReturn(value)
    return value
  }
  const lose = (): void => {
    connect(0, 1)
    for (let now = 100; now <= 2_500; now += 100) session.handleTimeout(now, 100)
    types()
  }
  return { session, admission, areWiped, types, connect, offer, lose }
}

describe('ReliableServerSession, made from an admission', () => {
  it('takes its keys, and overwrites those of the admission', () => {
    const { session, admission, connect, types } = createStage()
    expect(admission.keys).toEqual(wiped)
    expect(session.resumeId).toEqual(idOf(2))
    expect(session.wasEstablished).toBe(false)
    connect(10, 1)
    expect(types()).toEqual(['peer', 'connected', 'ping'])
    expect(session.wasEstablished).toBe(true)
  })

  it('goes on under the keys of a return offer that its client completes, and can be come back to by that', () => {
    const { session, types, connect, offer, lose } = createStage()
    lose()
    expect(session.state).toBe('waiting')
    const { keys } = offer(3)
    expect(keys).toEqual(wiped)
    connect(2_600, 3, elsewhere)
    expect(types()).toEqual(['peer', 'connected', 'ping'])
    session.pollTransmit(2_600, new Uint8Array(1_200))
    expect([session.state, session.remote]).toEqual(['connected', elsewhere])
    expect(session.resumeId).toEqual(idOf(53))
  })

  it('takes a return that is bound to where its HELLO came from, from there alone', () => {
    const { session, connect, offer, lose } = createStage()
    lose()
    offer(3, true)
    connect(2_600, 3, elsewhere)
    expect(session.state).toBe('waiting')
    expect(session.resumeId).toEqual(idOf(2))
    connect(2_600, 3, source)
    expect(session.state).toBe('connected')
  })

  it('lets the last four of its return offers be completed, and wipes those before, and the others once one is', () => {
    const { session, areWiped, connect, offer, lose } = createStage()
    lose()
    for (const byte of [3, 4, 5, 6, 7]) offer(byte)
    expect(areWiped()).toEqual([false, true, false, false, false, false])
    connect(2_600, 3)
    expect(session.state).toBe('waiting')
    connect(2_600, 4)
    expect(session.state).toBe('connected')
    expect(areWiped()).toEqual([true, true, false, true, true, true])
    expect(session.resumeId).toEqual(idOf(54))
  })

  it('overwrites the keys of a return offer that comes before it stood, or while it is closed, and does not heed it', () => {
    const { session, areWiped, connect, offer, lose } = createStage()
    expect(offer(3).keys).toEqual(wiped)
    lose()
    connect(2_600, 3)
    expect(session.state).toBe('waiting')
    session.close(2_600, 0, '')
    expect(offer(4).keys).toEqual(wiped)
    connect(2_600, 4)
    expect(session.state).toBe('closed')
    expect(areWiped()).toEqual([true])
  })

  it('wipes the offers that are open when it is over', () => {
    const { session, areWiped, offer, lose } = createStage()
    lose()
    offer(3)
    session.close(2_600, 0, '')
    expect(areWiped()).toEqual([true, true])
  })

  it('is over when it is abandoned before its client came, and not after', () => {
    const left = createStage()
    left.session.abandon(10)
    expect(left.types()).toEqual(['closed'])
    const { session, connect } = createStage()
    connect(0, 1)
    session.abandon(10)
    expect(session.state).toBe('connected')
  })
})
