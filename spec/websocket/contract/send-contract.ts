import { expect, it } from 'vitest'
import { BINARY, TEXT } from 'udpipe/websocket'
import type { Stage } from './subject.ts'

/** The table of `send`, for any subject. */
export function specifySend(stage: () => Stage): void {
  it.each([
    ['a string', 'grüße', undefined, TEXT, Buffer.from('grüße')],
    ['nothing', '', undefined, TEXT, Buffer.alloc(0)],
    ['bytes', new Uint8Array([0, 255]), undefined, BINARY, Buffer.from([0, 255])],
    ['a part of bytes', Buffer.from('before and after').subarray(7, 10), undefined, BINARY, Buffer.from('and')],
    ['an ArrayBuffer', new Uint8Array([1, 2]).buffer, undefined, BINARY, Buffer.from([1, 2])],
    ['a string as bytes', 'ü', BINARY, BINARY, Buffer.from('ü')],
    ['bytes as text', Buffer.from('ü'), TEXT, TEXT, Buffer.from('ü')],
    ['half a surrogate pair', 'a\ud800b', undefined, TEXT, Buffer.from('a\ufffdb')],
  ])('sends %s', async (_what, message, type, opcode, payload) => {
    const { subject, peer } = await stage().open()

    expect(await subject.send(message, type)).toEqual([true])
    expect(await peer.next()).toMatchObject({ fin: true, rsv: 0, opcode, payload, isMasked: stage().isClient })
  })

  it.each([125, 126, 127, 0xffff - 1, 0xffff, 0xffff + 1])('sends %i bytes, and receives as many', async (length) => {
    const { subject, peer } = await stage().open()
    const message = Buffer.alloc(length, 'x')

    expect(await subject.send(message)).toEqual([true])
    const frame = await peer.next()
    peer.send(BINARY, message)
    const [received] = await subject.receive()

    expect(frame?.payload.length).toBe(length)
    expect(received?.length).toBe(length)
  })

  it.each([
    ['a number', 7, undefined],
    ['null', null, undefined],
    ['an array', [1], undefined],
    ['a type there is not', 'text', 8],
    ['a type that is no number', 'text', 'TEXT'],
    ['bytes as text that are none', Buffer.from([0xc3]), TEXT],
  ])('refuses %s at once', async (_what, message, type) => {
    const { subject } = await stage().open()

    await expect(subject.send(message as string, type as number)).rejects.toMatchObject({
      code: 'ERR_ARGUMENT_INVALID',
    })
    expect(await subject.state()).toBe('OPEN')
  })

  it('says that there is no connection, before and after: wrong state', async () => {
    const unconnected = await stage().unconnected?.()
    const { subject, peer } = await stage().open()
    peer.reset()
    await subject.receive()

    expect(await subject.send('late')).toEqual([undefined, false, 1006, 'wrong state'])
    if (unconnected !== undefined)
      expect(await unconnected.send('early')).toEqual([undefined, false, 1006, 'wrong state'])
  })

  it('takes one message of any size while nothing waits, and waits until it is gone', async () => {
    const { subject, peer } = await stage().open({ maxQueuedBytes: 1024 })
    peer.socket.pause()
    const sending = subject.send(Buffer.alloc(8_000_000))

    peer.socket.resume()

    expect(await sending).toEqual([true])
    expect((await peer.next())?.payload.length).toBe(8_000_000)
  })

  it('tells that the connection dropped while it waited: closed', async () => {
    const { subject, peer } = await stage().open()
    peer.socket.once('data', () => peer.reset())

    const sending = subject.send(Buffer.alloc(30_000_000))

    expect(await sending).toEqual([undefined, false, 1006, 'closed'])
  })

  it('gives up after its timeout when the other end reads nothing', async () => {
    const { subject, peer } = await stage().open({ timeout: 0.1 })
    peer.socket.pause()

    expect(await subject.send(Buffer.alloc(30_000_000))).toEqual([undefined, false, 1006, 'timeout'])
    expect(await subject.state()).toBe('CLOSED')
    expect(await subject.closed()).toEqual([false, 1006, 'timeout'])
  })
}
