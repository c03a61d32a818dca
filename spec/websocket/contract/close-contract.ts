import { expect, it } from 'vitest'
import { TEXT } from 'udpipe/websocket'
import { closePayload } from '../../support/raw-frames.ts'
import { readClose } from '../../support/raw-peer.ts'
import type { Stage } from './subject.ts'

const wrongState = [false, 1006, 'wrong state']

/** The table of `close`, for any subject. */
export function specifyClose(stage: () => Stage): void {
  it.each([
    ['as it was said', closePayload(4001, 'lost interest'), [true, 4001, 'lost interest']],
    ['without the reason, as Lua does', closePayload(4001), [true, 4001, '']],
    ['without a code', closePayload(), [true, 1005, '']],
    ['with a goodbye of its own', closePayload(4002, 'me first'), [true, 4002, 'me first']],
  ])('says goodbye, and the answer comes %s', async (_how, answer, end) => {
    const { subject, peer } = await stage().open()
    const closing = subject.close(4001, 'lost interest')

    const said = await peer.next()
    peer.send(8, answer)
    peer.socket.end()

    expect(await closing).toEqual(end)
    expect(said && readClose(said)).toEqual({ code: 4001, reason: 'lost interest' })
    expect(await subject.closed()).toEqual(end)
    expect(await subject.state()).toBe('CLOSED')
  })

  it('says 1000 and no reason unless it is told', async () => {
    const { subject, peer } = await stage().open()
    const closing = subject.close()

    expect(await peer.answerClose()).toEqual({ code: 1000, reason: '' })
    expect(await closing).toEqual([true, 1000, ''])
  })

  it('sends first what was sent before', async () => {
    const { subject, peer } = await stage().open()
    await subject.send('last words')
    const closing = subject.close()

    expect((await peer.next())?.payload.toString()).toBe('last words')
    await peer.answerClose()
    expect(await closing).toEqual([true, 1000, ''])
  })

  it('discards messages that come before the answer', async () => {
    const { subject, peer } = await stage().open()
    peer.send(TEXT, 'unread')
    const closing = subject.close()
    await peer.next()
    peer.send(TEXT, 'too late')
    peer.sendClose(1000)
    peer.socket.end()

    expect(await closing).toEqual([true, 1000, ''])
    expect(await subject.receive()).toEqual([undefined, undefined, ...wrongState])
  })

  it.each([{ timeout: 0.05 }, { closeTimeoutMs: 50 }])('does not wait for ever for an answer: %j', async (options) => {
    const { subject, peer } = await stage().open(options)

    expect(await subject.close()).toEqual([false, 1006, 'timeout'])
    expect(await subject.state()).toBe('CLOSED')
    expect((await peer.rest()).map(({ opcode }) => opcode)).toEqual([8])
  })

  it('is clean when the answer came and only the socket stays open', async () => {
    const { subject, peer } = await stage().open({ closeTimeoutMs: 50 })
    const closing = subject.close(4000)

    const said = await peer.next()
    peer.send(8, said?.payload ?? '')

    expect(await closing).toEqual([true, 4000, ''])
    await peer.rest()
  })

  it('tells that the connection dropped instead of an answer', async () => {
    const { subject, peer } = await stage().open()
    const closing = subject.close()
    await peer.next()

    peer.reset()

    expect(await closing).toEqual([false, 1006, 'closed'])
  })

  it('tells an end that nobody was told, once', async () => {
    const { subject, peer } = await stage().open()
    peer.send(TEXT, 'unread')
    peer.sendClose(4001, 'bye')
    await peer.answerClose()
    await peer.gone
    while ((await subject.state()) !== 'CLOSED');

    expect(await subject.close()).toEqual([true, 4001, 'bye'])
    expect(await subject.close()).toEqual(wrongState)
    expect(await subject.receive()).toEqual([undefined, undefined, ...wrongState])
  })

  it('has nothing to close that was never connected, or whose end was told', async () => {
    const unconnected = await stage().unconnected?.()
    const { subject, peer } = await stage().open()
    peer.reset()
    await subject.receive()

    expect(await subject.close()).toEqual(wrongState)
    if (unconnected !== undefined) expect(await unconnected.close()).toEqual(wrongState)
  })

  it.each([999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 1000.5, '1000', null])(
    'refuses the code %j',
    async (code) => {
      const { subject } = await stage().open()

      await expect(subject.close(code as number)).rejects.toMatchObject({ code: 'ERR_ARGUMENT_INVALID' })
      expect(await subject.state()).toBe('OPEN')
    },
  )

  it('takes a reason of 123 bytes, and no longer one', async () => {
    const { subject, peer } = await stage().open()
    const longest = `${'ü'.repeat(61)}x`

    await expect(subject.close(1000, `${longest}y`)).rejects.toMatchObject({ code: 'ERR_ARGUMENT_INVALID' })
    await expect(subject.close(1000, 7 as unknown as string)).rejects.toMatchObject({ code: 'ERR_ARGUMENT_INVALID' })
    const closing = subject.close(1000, longest)
    expect(await peer.answerClose()).toEqual({ code: 1000, reason: longest })
    expect(await closing).toEqual([true, 1000, longest])
  })

  it('is cut by terminate, without a goodbye', async () => {
    const { subject, peer } = await stage().open()

    await subject.terminate()

    expect(await subject.receive()).toEqual([undefined, undefined, false, 1006, 'closed'])
    expect(await peer.rest()).toEqual([])
  })
}
