import { expect, it } from 'vitest'
import { BINARY, TEXT, type ReceiveResult } from 'udpipe/websocket'
import { closePayload } from '../../support/raw-frames.ts'
import { readClose } from '../../support/raw-peer.ts'
import type { Stage } from './subject.ts'

const wrongState = [undefined, undefined, false, 1006, 'wrong state']

/** Bytes that crossed threads are a Uint8Array there. */
export function plain(result: ReceiveResult | undefined): unknown {
  return result?.[1] === BINARY ? [Buffer.from(result[0]), BINARY] : result
}

/** The table of `receive`, for any subject. */
export function specifyReceive(stage: () => Stage): void {
  it('receives text as a string and bytes as a Buffer, in order', async () => {
    const { subject, peer } = await stage().open()
    peer.send(TEXT, 'grüße')
    peer.send(BINARY, Buffer.from([0, 255]))
    peer.send(TEXT, '')
    peer.send(BINARY, '')

    expect(await subject.receive()).toEqual(['grüße', TEXT])
    expect(plain(await subject.receive())).toEqual([Buffer.from([0, 255]), BINARY])
    expect(await subject.receive()).toEqual(['', TEXT])
    expect(plain(await subject.receive())).toEqual([Buffer.alloc(0), BINARY])
  })

  it('waits for a message that is not there yet', async () => {
    const { subject, peer } = await stage().open()
    const received = subject.receive()

    peer.send(TEXT, 'late')

    expect(await received).toEqual(['late', TEXT])
  })

  it('joins fragments, and shows no control frame between them', async () => {
    const { subject, peer } = await stage().open()
    peer.send(TEXT, 'one ', { fin: false })
    peer.send(9, 'are you there?')
    peer.send(10, 'unasked')
    peer.send(0, 'two ', { fin: false })
    peer.send(0, 'three')

    expect(await subject.receive()).toEqual(['one two three', TEXT])
    expect(await peer.next()).toMatchObject({ opcode: 10, payload: Buffer.from('are you there?') })
  })

  it('has a message at once, or none', async () => {
    const { subject, peer } = await stage().open()
    const nothing = await subject.tryReceive()
    peer.socket.write(Buffer.concat([peer.frame(TEXT, 'first'), peer.frame(TEXT, 'second')]))
    await subject.receive()

    expect(nothing).toBeUndefined()
    expect(await subject.tryReceive()).toEqual(['second', TEXT])
    expect(await subject.tryReceive()).toBeUndefined()
  })

  it('tells a program that was never connected: wrong state', async () => {
    const unconnected = await stage().unconnected?.()
    if (unconnected !== undefined) expect(await unconnected.receive()).toEqual(wrongState)
  })

  it('ends after its timeout, and cuts the connection', async () => {
    const { subject, peer } = await stage().open({ timeout: 0.05 })

    expect(await subject.receive()).toEqual([undefined, undefined, false, 1006, 'timeout'])
    expect(await subject.receive()).toEqual(wrongState)
    expect(await subject.state()).toBe('CLOSED')
    expect(await peer.rest()).toEqual([])
  })

  it.each([
    ['goes away with FIN', (peer: { socket: { end(): void } }) => peer.socket.end()],
    ['resets', (peer: { reset(): void }) => peer.reset()],
  ])('tells that the other end %s without a close frame: closed', async (_how, leave) => {
    const { subject, peer } = await stage().open()
    const received = subject.receive()

    leave(peer)

    expect(await received).toEqual([undefined, undefined, false, 1006, 'closed'])
    expect(await subject.receive()).toEqual(wrongState)
    expect(await subject.closed()).toEqual([false, 1006, 'closed'])
  })

  it.each([
    ['a code and a reason', closePayload(4001, 'bye'), [true, 4001, 'bye']],
    ['a code', closePayload(1000), [true, 1000, 'closed']],
    ['nothing', closePayload(), [true, 1005, 'closed']],
  ])('tells that the other end closed with %s', async (_what, payload, end) => {
    const { subject, peer } = await stage().open()
    peer.send(8, payload)

    const answer = await peer.next()
    peer.socket.end()

    expect(await subject.receive()).toEqual([undefined, undefined, ...end])
    expect(await subject.receive()).toEqual(wrongState)
    expect(answer).toMatchObject({ opcode: 8, payload })
  })

  it.each([
    ['a frame of no known kind', 3, '', 1002, 'protocol error'],
    ['a reserved bit', 1, '', 1002, 'protocol error'],
    ['text that is not UTF-8', 1, Buffer.from([0xff]), 1007, 'invalid data'],
    ['a message that is too large', 2, Buffer.alloc(1025), 1009, 'message too large'],
  ])('ends when the other end sends %s, and says so to it', async (what, opcode, payload, code, reason) => {
    const { subject, peer } = await stage().open({ maxMessageBytes: 1024 })
    peer.send(TEXT, 'before')
    peer.send(opcode, payload, { rsv: what === 'a reserved bit' ? 2 : 0 })

    const frames = await peer.rest()
    peer.destroy()

    expect(await subject.receive()).toEqual(['before', TEXT])
    expect(await subject.receive()).toEqual([undefined, undefined, false, code, reason])
    expect(await subject.receive()).toEqual(wrongState)
    expect(frames.map((frame) => readClose(frame).code)).toEqual([code])
  })

  it('ends when a message comes in too many pieces', async () => {
    const { subject, peer } = await stage().open()
    const piece = peer.frame(0, '', { fin: false })
    peer.send(TEXT, '', { fin: false })
    peer.socket.write(Buffer.concat(Array.from({ length: 131_072 }, () => piece)))

    expect(await subject.receive()).toEqual([undefined, undefined, false, 1008, 'too many fragments'])
    expect(readClose((await peer.next()) ?? expect.fail()).code).toBe(1008)
    peer.destroy()
  })

  it('hands out what came before the end, then the end', async () => {
    const { subject, peer } = await stage().open()
    peer.send(TEXT, 'one')
    peer.send(BINARY, 'two')
    peer.sendClose(1000, 'done')
    await peer.answerClose()
    await peer.gone

    expect(await subject.receive()).toEqual(['one', TEXT])
    expect(plain(await subject.receive())).toEqual([Buffer.from('two'), BINARY])
    expect(await subject.receive()).toEqual([undefined, undefined, true, 1000, 'done'])
    expect(await subject.receive()).toEqual(wrongState)
  })
}
