import { describe, expect, it, vi } from 'vitest'
import { byteKey } from '../../../lib/core/bytes.ts'
import { AdmittedClients, type AdmittedClient } from '../../../lib/reliable/handshake/admitted-clients.ts'
import { ReliableServerSession } from '../../../lib/reliable/connection/server-session.ts'
import type { Answer } from '../../../lib/session/answers.ts'
import { createPlainSealer } from '../../support/plain-pair.ts'
import { createSettings } from '../../support/settings.ts'

const source = { host: '198.51.100.7', port: 50_000 }
const endpoint = { host: '192.0.2.1', port: 40_000 }
const arrival = { endpoint, source, firstHello: 'hello', ticket: undefined }
const answer = (byte: number): Answer => ({ bytes: new Uint8Array([byte]), destination: source })
const idOf = (byte: number): Uint8Array => new Uint8Array(16).fill(byte)

function createSession(resumeId?: Uint8Array): ReliableServerSession {
  return new ReliableServerSession(0, {
    settings: createSettings(),
    limits: { mtuBytes: 1_200, maxMessageBytes: 1_000 },
    sealer: createPlainSealer(false),
    helloId: idOf(9),
    resumeId,
    helloSource: source,
    tuning: {},
    randomBytes: (length) => new Uint8Array(length),
  })
}

function createList(): { list: AdmittedClients; admittedClient: AdmittedClient; session: ReliableServerSession } {
  const list = new AdmittedClients()
  const session = createSession(idOf(1))
  return { list, session, admittedClient: list.add(session, arrival) }
}

describe('AdmittedClients', () => {
  it('knows what a HELLO was answered with, until its admittedClient is forgotten', () => {
    const { list, admittedClient, session } = createList()
    list.note(admittedClient, 'hello', answer(1), undefined)
    expect(list.answerTo('hello')).toEqual(answer(1))
    list.forget(session)
    list.forget(session)
    expect(list.answerTo('hello')).toBeUndefined()
  })

  it('keeps the answers to a bounded number of HELLOs of one admittedClient, the newest', () => {
    const { list, admittedClient } = createList()
    for (let i = 0; i < 20; i += 1) list.note(admittedClient, `hello ${i}`, answer(i), undefined)
    const known = Array.from({ length: 20 }, (_, i) => i).filter((i) => list.answerTo(`hello ${i}`) !== undefined)
    expect(known).toEqual([12, 13, 14, 15, 16, 17, 18, 19])
  })

  it('finds nobody who comes back to a connection that has not stood', () => {
    const { list, admittedClient } = createList()
    list.note(admittedClient, 'hello', answer(1), byteKey(idOf(1)))
    expect(list.findReturning(idOf(1))).toBeUndefined()
    expect(list.findReturning(idOf(2))).toBeUndefined()
  })

  it('forgets what a admittedClient may come back by in the order in which it was noted, whoever looks for it', () => {
    const { list, admittedClient, session } = createList()
    vi.spyOn(session, 'mayReturn').mockReturnValue(true)
    for (let i = 1; i <= 4; i += 1) list.note(admittedClient, `hello ${i}`, answer(i), byteKey(idOf(i)))
    expect(list.findReturning(idOf(1))).toBe(admittedClient)
    list.note(admittedClient, 'hello 5', answer(5), byteKey(idOf(5)))
    expect(list.findReturning(idOf(1))).toBeUndefined()
    expect(list.findReturning(idOf(2))).toBe(admittedClient)
  })

  it('keeps longest what a admittedClient came back by last', () => {
    const { list, admittedClient, session } = createList()
    vi.spyOn(session, 'mayReturn').mockReturnValue(true)
    for (let i = 1; i <= 4; i += 1) list.note(admittedClient, `hello ${i}`, answer(i), byteKey(idOf(i)))
    list.keepLongest(admittedClient, idOf(1))
    list.note(admittedClient, 'hello 5', answer(5), byteKey(idOf(5)))
    expect(list.findReturning(idOf(1))).toBe(admittedClient)
    expect(list.findReturning(idOf(2))).toBeUndefined()
  })

  it('finds the session that nobody has come to by the address its HELLO came from', () => {
    const { list, session } = createList()
    expect(list.findHalfOpen(source)).toBe(session)
    expect(list.findHalfOpen({ ...source, port: 50_001 })).toBeUndefined()
    session.abandon(0)
    expect(list.findHalfOpen(source)).toBeUndefined()
  })

  it('keeps the newer one of two admitted from one address when the older is forgotten', () => {
    const { list, session } = createList()
    const newer = createSession()
    list.add(newer, arrival)
    list.forget(session)
    expect(list.findHalfOpen(source)).toBe(newer)
  })
})
