import { describe, expect, it } from 'vitest'
import { byteKey } from '../../../lib/core/bytes.ts'
import { AdmittedClients, type AdmittedClient } from '../../../lib/reliable/handshake/admitted-clients.ts'
import type { Answer } from '../../../lib/session/answers.ts'

const source = { host: '198.51.100.7', port: 50_000 }
const endpoint = { host: '192.0.2.1', port: 40_000 }
const arrival = { endpoint, source, firstHello: 'hello', ticket: undefined }
const answer = (byte: number): Answer => ({ bytes: new Uint8Array([byte]), destination: source })
const idOf = (byte: number): Uint8Array => new Uint8Array(16).fill(byte)

function createList(): { list: AdmittedClients; client: AdmittedClient } {
  const list = new AdmittedClients()
  return { list, client: list.add(arrival) }
}

/** One that has come, with this many connections that it may go on with. */
function createReturning(count: number): { list: AdmittedClients; client: AdmittedClient } {
  const { list, client } = createList()
  client.wasEstablished = true
  for (let i = 1; i <= count; i += 1) list.note(client, `hello ${i}`, answer(i), byteKey(idOf(i)))
  return { list, client }
}

describe('AdmittedClients', () => {
  it('gives each an id by which it is found until it is forgotten', () => {
    const { list, client } = createList()
    const other = list.add(arrival)
    expect(other.id).not.toBe(client.id)
    expect(list.find(client.id)).toBe(client)
    list.forget(client)
    expect(list.find(client.id)).toBeUndefined()
    expect(list.add(arrival).id).not.toBe(client.id)
  })

  it('knows what a HELLO was answered with, until its client is forgotten, and keeps nothing then', () => {
    const { list, client } = createList()
    list.note(client, 'hello', answer(1), byteKey(idOf(1)))
    expect(list.answerTo('hello')).toEqual(answer(1))
    list.forget(client)
    list.forget(client)
    expect(list.answerTo('hello')).toBeUndefined()
    expect(list.size).toBe(0)
  })

  it('keeps the answers to a bounded number of HELLOs of one client, the newest', () => {
    const { list, client } = createList()
    for (let i = 0; i < 20; i += 1) list.note(client, `hello ${i}`, answer(i), undefined)
    const known = Array.from({ length: 20 }, (_, i) => i).filter((i) => list.answerTo(`hello ${i}`) !== undefined)
    expect(known).toEqual([12, 13, 14, 15, 16, 17, 18, 19])
  })

  it('finds nobody who comes back to a connection that has not stood, or is being closed', () => {
    const { list, client } = createList()
    list.note(client, 'hello', answer(1), byteKey(idOf(1)))
    expect(list.findReturning(idOf(1))).toBeUndefined()
    expect(list.findReturning(idOf(2))).toBeUndefined()
    client.wasEstablished = true
    expect(list.findReturning(idOf(1))).toBe(client)
    client.isEnding = true
    expect(list.findReturning(idOf(1))).toBeUndefined()
  })

  it('forgets what a client may come back by in the order in which it was noted, whoever looks for it', () => {
    const { list, client } = createReturning(4)
    expect(list.findReturning(idOf(1))).toBe(client)
    list.note(client, 'hello 5', answer(5), byteKey(idOf(5)))
    expect(list.findReturning(idOf(1))).toBeUndefined()
    expect(list.findReturning(idOf(2))).toBe(client)
  })

  it('keeps longest what a client came back by last', () => {
    const { list, client } = createReturning(4)
    list.keepLongest(client, idOf(1))
    list.note(client, 'hello 5', answer(5), byteKey(idOf(5)))
    expect(list.findReturning(idOf(1))).toBe(client)
    expect(list.findReturning(idOf(2))).toBeUndefined()
  })

  it('keeps nothing but what a client has come back by, even if that was forgotten', () => {
    const { list, client } = createReturning(5)
    list.keepOnly(client, idOf(1))
    const found = [1, 2, 3, 4, 5].filter((byte) => list.findReturning(idOf(byte)) !== undefined)
    expect(found).toEqual([1])
    list.forget(client)
    expect(list.size).toBe(0)
  })

  it('finds who is half open by the address that its HELLO came from, until it is not', () => {
    const { list, client } = createList()
    expect(list.findHalfOpen(source)).toBe(client)
    expect(list.findHalfOpen({ ...source, port: 50_001 })).toBeUndefined()
    expect([list.endHalfOpen(client), list.endHalfOpen(client)]).toEqual([true, false])
    expect(list.findHalfOpen(source)).toBeUndefined()
  })

  it('keeps the newer one of two admitted from one address when the older is over, and says that each was half open', () => {
    const { list, client } = createList()
    const newer = list.add(arrival)
    expect(list.endHalfOpen(client)).toBe(true)
    list.forget(client)
    expect(list.findHalfOpen(source)).toBe(newer)
  })
})
