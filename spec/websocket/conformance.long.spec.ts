import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { client, server, type Client, type Server, type ServerClient } from 'udpipe/websocket'
import type { Case } from '../conformance/case.ts'
import { closeCases } from '../conformance/close-cases.ts'
import { deflateCases } from '../conformance/deflate-cases.ts'
import { framingCases } from '../conformance/framing-cases.ts'
import { play } from '../conformance/play.ts'
import { sizeCases } from '../conformance/size-cases.ts'
import { textCases } from '../conformance/text-cases.ts'
import { RawPeer, RawServer } from '../support/raw-peer.ts'

// RFC 6455 and RFC 7692 over plain TCP, in the categories of Autobahn's suite: 1 to 7, 9, 10, and with compression 12 and 13.

const plainCases = [...framingCases, ...textCases, ...closeCases, ...sizeCases]
/** Where compression is not agreed on, RSV1 has no meaning either. */
const rsv1Case: Case = { id: '3.4', title: 'RSV1', frames: [[1, 'a', { rsv: 4 }]], endsWith: 1002 }
const onlyServer: readonly Case[] = [
  { id: '5.1 of 6455', title: 'a frame without a mask', frames: [[1, 'a', { mask: false }]], endsWith: 1002 },
]
const onlyClient: readonly Case[] = [
  { id: '5.1 of 6455', title: 'a frame with a mask', frames: [[1, 'a', { mask: Buffer.alloc(4, 1) }]], endsWith: 1002 },
]
const named = (cases: readonly Case[]): [string, Case][] => cases.map((one) => [`${one.id} ${one.title}`, one])

/** Echoes at once, so that what stands right before a goodbye is answered before that is. */
function echo(ws: Client | ServerClient): void {
  ws.onMessage((message, opcode) => void ws.send(message, opcode))
}

describe.each([
  ['without compression', false, [...plainCases, rsv1Case]],
  ['with compression', true, [...plainCases, ...deflateCases]],
])('a server, %s', (_how, perMessageDeflate, cases) => {
  let listening: Server
  beforeAll(async () => {
    listening = await server.listen({ port: 0, interface: '127.0.0.1', default: echo, perMessageDeflate })
  })
  afterAll(() => listening.close())

  it.each(named([...cases, ...onlyServer]))('%s', async (_name, one) => {
    const offer = perMessageDeflate ? 'permessage-deflate; client_max_window_bits' : undefined
    const peer = await RawPeer.connect(listening.port, { 'Sec-WebSocket-Extensions': offer })
    expect(peer.head.includes('permessage-deflate')).toBe(perMessageDeflate)
    await play(one, peer)
  })
})

describe.each([
  ['without compression', false, [...plainCases, rsv1Case]],
  ['with compression', true, [...plainCases, ...deflateCases]],
])('a client, %s', (_how, perMessageDeflate, cases) => {
  let raw: RawServer
  beforeAll(async () => {
    raw = await RawServer.listen()
  })
  afterAll(() => raw.close())

  it.each(named([...cases, ...onlyClient]))('%s', async (_name, one) => {
    const answer = perMessageDeflate
      ? 'permessage-deflate; server_no_context_takeover; client_no_context_takeover'
      : undefined
    const subject = client.copas({ perMessageDeflate })
    const [peer, [ok]] = await Promise.all([
      raw.accept({ 'Sec-WebSocket-Extensions': answer }),
      subject.connect(`ws://127.0.0.1:${raw.port}`),
    ])
    expect(ok).toBe(true)
    echo(subject)
    await play(one, peer)
    await subject.ended
  })
})
