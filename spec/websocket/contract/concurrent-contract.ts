import { getEventListeners } from 'node:events'
import { expect, it } from 'vitest'
import { TEXT, type Client, type ClientOptions, type ServerClient } from 'udpipe/websocket'
import type { RawPeer } from '../../support/raw-peer.ts'

/** An endpoint whose methods return promises, and the plain TCP socket at its other end. */
export type OpenEndpoint = (options?: ClientOptions) => Promise<{ endpoint: Client | ServerClient; peer: RawPeer }>

/** What has a meaning only where several calls may wait at a time. */
export function specifyConcurrent(open: OpenEndpoint): void {
  it('serves those who wait in the order they called', async () => {
    const { endpoint, peer } = await open()
    const receiving = [endpoint.receive(), endpoint.receive(), endpoint.receive()]

    for (const text of ['a', 'b', 'c']) peer.send(TEXT, text)

    expect(await Promise.all(receiving)).toEqual([
      ['a', TEXT],
      ['b', TEXT],
      ['c', TEXT],
    ])
  })

  it('tells the end to all who wait, and to nobody after them', async () => {
    const { endpoint, peer } = await open()
    const receiving = [endpoint.receive(), endpoint.receive()]

    peer.reset()

    const end = [undefined, undefined, false, 1006, 'closed']
    expect(await Promise.all(receiving)).toEqual([end, end])
    expect(await endpoint.receive()).toEqual([undefined, undefined, false, 1006, 'wrong state'])
  })

  it('tells who receives while it is closed the result of that', async () => {
    const { endpoint, peer } = await open()
    const receiving = endpoint.receive()
    const closing = [endpoint.close(4003, 'enough'), endpoint.close(), endpoint.receive()]
    expect(endpoint.state).toBe('CLOSING')
    expect(await endpoint.send('late')).toEqual([undefined, false, 1006, 'wrong state'])

    const said = await peer.answerClose()

    expect(said).toEqual({ code: 4003, reason: 'enough' })
    expect(await receiving).toEqual([undefined, undefined, true, 4003, 'enough'])
    expect(await Promise.all(closing)).toEqual([
      [true, 4003, 'enough'],
      [true, 4003, 'enough'],
      [undefined, undefined, true, 4003, 'enough'],
    ])
    expect(await endpoint.close()).toEqual([false, 1006, 'wrong state'])
  })

  it('lets a receive be aborted: nothing is lost, nothing closes', async () => {
    const { endpoint, peer } = await open()
    const abort = new AbortController()
    const receiving = [endpoint.receive({ signal: abort.signal }), endpoint.receive()]
    abort.abort('enough')
    peer.send(TEXT, 'for the second')

    await expect(receiving[0]).rejects.toMatchObject({ name: 'AbortError', code: 'ABORT_ERR', cause: 'enough' })
    expect(await receiving[1]).toEqual(['for the second', TEXT])
    await expect(endpoint.receive({ signal: abort.signal })).rejects.toMatchObject({ name: 'AbortError' })
    expect(endpoint.state).toBe('OPEN')
  })

  it('leaves nothing at a signal that outlives it', async () => {
    const { endpoint, peer } = await open()
    const { signal } = new AbortController()
    const receiving = endpoint.receive({ signal })
    peer.send(TEXT, 'one')

    expect(await receiving).toEqual(['one', TEXT])
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  it('refuses what a caller that does not wait sends over the limit, and goes on', async () => {
    const { endpoint, peer } = await open({ maxQueuedBytes: 4_000_000 })
    peer.socket.pause()
    const sending = Array.from({ length: 12 }, () => endpoint.send(Buffer.alloc(1_000_000, 'x')))

    const refused = (await Promise.all(sending.slice(-1)))[0]
    const { refusedSends } = endpoint.stats
    peer.socket.resume()
    const results = await Promise.all(sending)
    const taken = results.filter(([ok]) => ok === true).length

    expect(refused).toEqual([undefined, false, 1006, 'queue full'])
    expect(refusedSends).toBe(12 - taken)
    expect(endpoint.state).toBe('OPEN')
    for (let i = 0; i < taken; i += 1) expect((await peer.next())?.payload.length).toBe(1_000_000)
    expect(await endpoint.send('and on')).toEqual([true])
    expect((await peer.next())?.payload.toString()).toBe('and on')
  })

  it('takes strings at once up to 1 MiB, then waits until half of that is gone', async () => {
    const { endpoint, peer } = await open({ maxQueuedBytes: 40_000_000 })
    peer.socket.pause()
    const text = 'x'.repeat(65_536)
    const sending: Promise<unknown>[] = []
    let resolved = 0
    while (endpoint.queuedBytes <= 1_048_576) sending.push(endpoint.send(text).then(() => (resolved += 1)))
    sending.push(endpoint.send('one more').then(() => (resolved += 1)))
    await new Promise(setImmediate)
    const resolvedAtOnce = resolved

    peer.socket.resume()
    await Promise.all(sending)

    // The one that passed the mark, and the one behind it.
    expect(resolvedAtOnce).toBe(sending.length - 2)
    expect(endpoint.queuedBytes).toBeLessThanOrEqual(524_288)
  })

  it('leaves bytes alone that are used again after send has resolved', async () => {
    const { endpoint, peer } = await open()
    peer.socket.pause()
    let fillers = 0
    for (; endpoint.queuedBytes === 0; fillers += 1) void endpoint.send('f'.repeat(65_536))
    const small = Buffer.alloc(1_000, 'a')
    await endpoint.send(small)
    small.fill('!')

    peer.socket.resume()
    const large = Buffer.alloc(3_000_000, 'b')
    await endpoint.send(large)
    large.fill('!')

    for (let i = 0; i < fillers; i += 1) await peer.next()
    expect((await peer.next())?.payload.equals(Buffer.alloc(1_000, 'a'))).toBe(true)
    expect((await peer.next())?.payload.equals(Buffer.alloc(3_000_000, 'b'))).toBe(true)
  })

  it('pauses at the limits of its inbox, and loses nothing', async () => {
    const { endpoint, peer } = await open({ maxInboxMessages: 100, maxInboxBytes: 1_000_000 })
    const count = 50_000
    const frames = Array.from({ length: count }, (_, i) => peer.frame(TEXT, `message ${i} ${'x'.repeat(100)}`))
    peer.socket.write(Buffer.concat(frames))
    while (endpoint.stats.pauses === 0) await new Promise(setImmediate)
    const { inboxMessages } = endpoint.stats

    let inOrder = 0
    for (let i = 0; i < count; i += 1) {
      const [message] = await endpoint.receive()
      if (typeof message === 'string' && message.startsWith(`message ${i} `)) inOrder += 1
    }

    expect(inOrder).toBe(count)
    // One chunk of 64 KiB beyond the limit.
    expect(inboxMessages).toBeLessThan(100 + 65_536 / 110)
    expect(endpoint.stats).toMatchObject({ inboxMessages: 0, inboxBytes: 0, receivedMessages: count })
  })

  it('pauses at its limit of bytes as well', async () => {
    const { endpoint, peer } = await open({ maxInboxBytes: 100_000 })
    for (let i = 0; i < 60; i += 1) peer.send(2, Buffer.alloc(50_000, i))
    while (endpoint.stats.pauses === 0) await new Promise(setImmediate)
    const { inboxBytes } = endpoint.stats

    for (let i = 0; i < 60; i += 1) {
      const [message] = await endpoint.receive()
      expect(Buffer.alloc(50_000, i).equals(message as Buffer)).toBe(true)
    }
    expect(inboxBytes).toBeGreaterThanOrEqual(100_000)
    expect(inboxBytes).toBeLessThan(300_000)
  })

  it('closes while it is paused', async () => {
    const { endpoint, peer } = await open({ maxInboxMessages: 1 })
    for (let i = 0; i < 3_000; i += 1) peer.send(TEXT, 'x'.repeat(1_000))
    while (endpoint.stats.pauses === 0) await new Promise(setImmediate)

    const closing = endpoint.close()
    await peer.answerClose()

    expect(await closing).toEqual([true, 1000, ''])
    expect(endpoint.stats.discardedMessages).toBe(3_000)
  })

  it('hands messages to a function instead, those that wait first', async () => {
    const { endpoint, peer } = await open()
    peer.send(TEXT, 'early')
    while (endpoint.stats.inboxMessages === 0) await new Promise(setImmediate)
    const seen: unknown[] = []
    let last: () => void = () => {}
    const done = new Promise<void>((resolve) => (last = resolve))

    endpoint.onMessage((message, opcode) => {
      seen.push([message, opcode])
      if (message === 'last') last()
    })
    peer.send(2, 'bytes')
    peer.send(TEXT, 'last')
    await done

    expect(seen).toEqual([
      ['early', TEXT],
      [Buffer.from('bytes'), 2],
      ['last', TEXT],
    ])
    expect(() => endpoint.receive()).toThrow(expect.objectContaining({ code: 'ERR_UNSUPPORTED' }))
    expect(() => endpoint.tryReceive()).toThrow(expect.objectContaining({ code: 'ERR_UNSUPPORTED' }))
    endpoint.onMessage(undefined)
    peer.send(TEXT, 'to receive')
    expect(await endpoint.receive()).toEqual(['to receive', TEXT])
    const receiving = endpoint.receive()
    expect(() => endpoint.onMessage(() => {})).toThrow(expect.objectContaining({ code: 'ERR_UNSUPPORTED' }))
    expect(() => endpoint.onMessage(7 as never)).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT_INVALID' }))
    peer.reset()
    await receiving
    expect(await endpoint.ended).toEqual([false, 1006, 'closed'])
  })

  it('can be looped over until it ends', async () => {
    const { endpoint, peer } = await open()
    peer.send(TEXT, 'one')
    peer.send(2, 'two')
    peer.sendClose(4001, 'bye')
    void peer.answerClose()
    const messages: unknown[] = []

    for await (const message of endpoint) messages.push(message)

    expect(messages).toEqual(['one', Buffer.from('two')])
    expect(endpoint.closed).toEqual([true, 4001, 'bye'])
  })

  it('closes when it is disposed of', async () => {
    const { endpoint, peer } = await open()
    const answered = peer.answerClose()

    await endpoint[Symbol.asyncDispose]()

    expect(await answered).toEqual({ code: 1000, reason: '' })
    expect(endpoint.state).toBe('CLOSED')
  })

  it('measures the round trip of a ping', async () => {
    const { endpoint, peer } = await open()
    const pings = [endpoint.ping('first'), endpoint.ping(), endpoint.ping(Buffer.from('third'))]
    const frames = [await peer.next(), await peer.next(), await peer.next()]
    peer.send(10, 'nobody asked')
    // RFC 6455, 5.5.3: the answer to the last may stand for all.
    peer.send(10, frames[2]?.payload ?? '')

    const times = await Promise.all(pings)

    expect(frames.map((frame) => frame?.opcode)).toEqual([9, 9, 9])
    // A peer that is lua-websockets cannot read a frame of two bytes.
    expect(frames[1]?.payload.length).toBeGreaterThan(0)
    for (const ms of times) expect(ms).toBeGreaterThan(0)
    expect(endpoint.stats.rttMs).toBe(times[2])
  })

  it('has no round trip when the connection ends first, or there is none', async () => {
    const { endpoint, peer } = await open()
    const pinging = endpoint.ping()
    await peer.next()

    peer.reset()

    expect(await pinging).toBeUndefined()
    expect(await endpoint.ping()).toBeUndefined()
    expect(() => endpoint.ping('x'.repeat(126))).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT_INVALID' }))
    expect(() => endpoint.ping(7 as never)).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT_INVALID' }))
  })

  it('cuts a peer that gives no sign of life, and no other', async () => {
    const { endpoint, peer } = await open({ pingIntervalMs: 20, pongTimeoutMs: 60 })
    const lively = await open({ pingIntervalMs: 20, pongTimeoutMs: 60 })
    const answering = (async () => {
      for (let frame = await lively.peer.next(); frame !== undefined; frame = await lively.peer.next()) {
        if (frame.opcode === 9) lively.peer.send(10, frame.payload)
      }
    })()

    expect(await endpoint.receive()).toEqual([undefined, undefined, false, 1006, 'timeout'])
    expect((await peer.rest()).map(({ opcode }) => opcode)).toEqual([9])
    expect(lively.endpoint.state).toBe('OPEN')
    expect(lively.endpoint.stats.rttMs).toBeGreaterThan(0)
    lively.endpoint.terminate()
    await answering
  })

  it('accuses nobody while it is paused', async () => {
    const { endpoint, peer } = await open({ pingIntervalMs: 20, pongTimeoutMs: 20, maxInboxMessages: 1 })
    for (let i = 0; i < 3_000; i += 1) peer.send(TEXT, 'x'.repeat(1_000))
    while (endpoint.stats.pauses === 0) await new Promise(setImmediate)

    await new Promise((resolve) => setTimeout(resolve, 100))

    expect(endpoint.state).toBe('OPEN')
    endpoint.terminate()
  })
}
