import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { client, type ClientOptions, type ConnectResult } from 'udpipe/websocket'
import { RawServer, type HeaderLines, type RawPeer } from '../support/raw-peer.ts'
import { BlockingThread } from './contract/sync-stage.ts'

/** Connects once, whether that blocks or not. */
type Connect = (options: ClientOptions, url: string, protocol?: string | readonly string[]) => Promise<ConnectResult>

let thread: BlockingThread
let raw: RawServer
beforeAll(async () => {
  thread = new BlockingThread()
  raw = await RawServer.listen()
})
afterAll(async () => {
  await thread.end()
  await raw.close()
})

const copas: Connect = async (options, url, protocol) => {
  const one = client.copas(options)
  const result = await one.connect(url, protocol)
  one.terminate()
  return result
}
const sync: Connect = async (options, url, protocol) => {
  const number = await thread.create(options)
  const result = await thread.call(number, 'connect', url, protocol)
  await thread.call(number, 'terminate')
  return result as ConnectResult
}

describe.each([
  ['client.copas', copas],
  ['client.sync', sync],
])('%s connect', (_name, connect) => {
  /** Connects to a server that does what it is told to with its first connection. */
  async function connectTo(
    serve: (peer: RawPeer) => void,
    { protocol, options = {} }: { protocol?: string | readonly string[]; options?: ClientOptions } = {},
  ): Promise<{ result: ConnectResult; request: string }> {
    const connecting = connect(options, `ws://127.0.0.1:${raw.port}/path?query`, protocol)
    const peer = await raw.next()
    await peer.untilHead()
    serve(peer)
    const result = await connecting
    peer.destroy()
    return { result, request: peer.head }
  }

  const answering = (headers: HeaderLines) => (peer: RawPeer) => peer.answer(headers)

  it('says what RFC 6455 asks for, and has what the server chose', async () => {
    const { result, request } = await connectTo(answering({ 'Sec-WebSocket-Protocol': 'echo', 'X-Test': 'Yes' }), {
      protocol: ['chat', 'echo'],
      options: { headers: { Authorization: 'Bearer x' }, origin: 'https://example.org' },
    })

    expect(result).toEqual([true, 'echo', expect.objectContaining({ upgrade: 'websocket', 'x-test': 'Yes' })])
    expect(request.split('\r\n')[0]).toBe('GET /path?query HTTP/1.1')
    for (const line of [
      /^Host: 127\.0\.0\.1:\d+$/m,
      /^Upgrade: websocket$/m,
      /^Connection: Upgrade$/m,
      /^Sec-WebSocket-Key: [+/\w]{22}==$/m,
      /^Sec-WebSocket-Version: 13$/m,
      /^Sec-WebSocket-Protocol: chat, echo$/m,
      /^authorization: Bearer x$/m,
      /^Origin: https:\/\/example\.org$/m,
    ])
      expect(request.replaceAll('\r', '')).toMatch(line)
    expect(request).not.toMatch(/sec-websocket-extensions/i)
  })

  it.each([
    ['a name', 'echo', 'echo'],
    ['a list', ['echo'], 'echo'],
    ['nothing', undefined, undefined],
    ['an empty name', '', undefined],
    ['an empty list', [], undefined],
  ])('offers %s', async (_what, protocol, offered) => {
    const { request } = await connectTo(answering({}), protocol === undefined ? {} : { protocol })

    expect(/^sec-websocket-protocol: (.*)\r$/im.exec(request)?.[1]).toBe(offered)
  })

  it.each([
    ['chooses nothing', {}],
    ['chooses an empty one, as some do', { 'Sec-WebSocket-Protocol': '' }],
  ])('takes a server that %s, as Lua does', async (_what, headers) => {
    const { result } = await connectTo(answering(headers), { protocol: 'echo' })

    expect(result.slice(0, 2)).toEqual([true, undefined])
  })

  it.each([
    ['a protocol that was not offered', { 'Sec-WebSocket-Protocol': 'other' }, /Websocket Handshake failed: .*'other'/],
    ['an extension that was not', { 'Sec-WebSocket-Extensions': 'permessage-deflate' }, /Websocket Handshake failed: /],
    ['an extension there is not', { 'Sec-WebSocket-Extensions': 'x-zip' }, /Websocket Handshake failed: /],
    ['another upgrade', { Upgrade: 'h2c' }, /Websocket Handshake failed: Invalid Upgrade header/],
    ['no upgrade', { Upgrade: undefined }, /Websocket Handshake failed: Invalid Upgrade header/],
    ['no connection', { Connection: undefined }, /Websocket Handshake failed: Invalid Upgrade header/],
    [
      'a wrong sum',
      { 'Sec-WebSocket-Accept': 'wrong' },
      /^Websocket Handshake failed: Invalid Sec-Websocket-Accept \(expected [+/\w]{27}= got wrong\)$/,
    ],
    [
      'no sum',
      { 'Sec-WebSocket-Accept': undefined },
      /^Websocket Handshake failed: Invalid Sec-Websocket-Accept \(expected [+/\w]{27}= got nil\)$/,
    ],
  ])('fails when the server answers with %s', async (_what, headers, reason) => {
    const { result } = await connectTo(answering(headers), { protocol: 'echo' })

    expect(result).toEqual([undefined, expect.stringMatching(reason), expect.any(Object)])
  })

  it.each([
    ['HTTP/1.1 404 Not Found', 'HTTP 404 Not Found'],
    ['HTTP/1.1 503', 'HTTP 503 Service Unavailable'],
    ['HTTP/1.1 301 Moved Permanently', 'HTTP 301 Moved Permanently'],
    ['HTTP/1.1 200 OK', 'HTTP 200 OK'],
  ])('fails when the server answers %s, and has its headers', async (statusLine, reason) => {
    const { result } = await connectTo((peer) => {
      peer.socket.write(`${statusLine}\r\nContent-Length: 0\r\nLocation: /other\r\n\r\n`)
    })

    expect(result).toEqual([
      undefined,
      `Websocket Handshake failed: ${reason}`,
      expect.objectContaining({ location: '/other' }),
    ])
  })

  it.each([
    ['ends before an answer', (peer: RawPeer) => peer.socket.end(), 'closed'],
    ['resets', (peer: RawPeer) => peer.reset(), 'closed'],
    ['says what is no HTTP', (peer: RawPeer) => void peer.socket.write('hello\r\n\r\n'), 'hpe_invalid_constant'],
    ['ends in the middle', (peer: RawPeer) => void peer.socket.end('HTTP/1.1 101 Swit'), 'closed'],
  ])('fails when the server %s', async (_what, serve, reason) => {
    expect((await connectTo(serve)).result).toEqual([undefined, reason, undefined])
  })

  it.each([{ timeout: 0.05 }, { handshakeTimeoutMs: 50 }])(
    'does not wait for ever for an answer: %j',
    async (options) => {
      expect((await connectTo(() => {}, { options })).result).toEqual([undefined, 'timeout', undefined])
    },
  )

  it('tells that nobody listens, and that there is no such host', async () => {
    const free = createServer().listen(0, '127.0.0.1')
    await once(free, 'listening')
    const { port } = free.address() as { port: number }
    free.close()
    await once(free, 'close')

    expect(await connect({}, `ws://127.0.0.1:${port}`)).toEqual([undefined, 'connection refused', undefined])
    expect(await connect({}, 'ws://no-such-host.invalid')).toEqual([undefined, 'host not found', undefined])
  })

  it.each(['http://127.0.0.1:1', 'ftp://127.0.0.1:1', 'wsx://127.0.0.1:1'])('knows no %s', async (url) => {
    expect(await connect({}, url)).toEqual([undefined, 'bad protocol', undefined])
  })

  it.each([
    ['no URL', 'localhost', /^Invalid URL: localhost/],
    ['nothing', '', /^Invalid URL: /],
    ['a number', 7, /^Invalid URL: 7/],
    ['a fragment', 'ws://127.0.0.1/#part', /^Invalid URL: ws:\/\/127\.0\.0\.1\/#part/],
  ])('refuses %s at once', async (_what, url, message) => {
    await expect(connect({}, url as string)).rejects.toMatchObject({
      code: 'ERR_ARGUMENT_INVALID',
      message: expect.stringMatching(message) as string,
    })
  })

  it.each([[['a b']], [['a', 'a']], ['a,b'], [7], [['']], [[7]]])('refuses the protocols %j', async (protocol) => {
    await expect(connect({}, 'ws://127.0.0.1:1', protocol as string)).rejects.toMatchObject({
      code: 'ERR_ARGUMENT_INVALID',
    })
  })
})

describe('client.copas', () => {
  it('throws for a wrong call at once, before any promise', () => {
    expect(() => client.copas().connect('nowhere')).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT_INVALID' }))
    expect(() => client.copas().connect('ws://a', 'a b')).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT_INVALID' }),
    )
    expect(() => client.copas().close(1006)).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT_INVALID' }))
    expect(() => client.copas().send(7 as never)).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT_INVALID' }))
  })

  it('is in the wrong state while it connects, is open or closes, and untouched by that', async () => {
    const one = client.copas()
    const url = `ws://127.0.0.1:${raw.port}`
    const connecting = one.connect(url)
    const wrong = [undefined, 'wrong state', undefined]
    expect(one.state).toBe('CONNECTING')
    expect(await one.connect(url)).toEqual(wrong)
    const peer = await raw.accept()
    await connecting
    expect(one.state).toBe('OPEN')
    expect(await one.connect(url)).toEqual(wrong)
    const closing = one.close()
    expect(await one.connect(url)).toEqual(wrong)
    await peer.answerClose()
    expect(await closing).toEqual([true, 1000, ''])
  })

  it('connects again after its end, and knows nothing of the time before', async () => {
    const one = client.copas()
    const url = `ws://127.0.0.1:${raw.port}/`
    const [first] = await Promise.all([raw.accept(), one.connect(url)])
    first.send(1, 'unread')
    first.reset()
    await one.ended

    const [second] = await Promise.all([raw.accept({ 'Sec-WebSocket-Protocol': 'b' }), one.connect(url, ['a', 'b'])])
    second.send(1, 'new')

    expect(await one.receive()).toEqual(['new', 1])
    expect([one.state, one.protocol, one.url, one.closed, one.headers?.['upgrade']]).toEqual([
      'OPEN',
      'b',
      url,
      undefined,
      'websocket',
    ])
    one.terminate()
  })

  it('gives up connecting when it is closed meanwhile', async () => {
    const one = client.copas()
    const connecting = one.connect(`ws://127.0.0.1:${raw.port}`)
    const peer = await raw.next()
    await peer.untilHead()

    expect(await one.close()).toEqual([false, 1006, 'closed'])
    expect(await connecting).toEqual([undefined, 'closed', undefined])
    expect(one.state).toBe('CLOSED')
    await peer.rest()
  })

  it('hears what comes in one packet with the answer', async () => {
    const one = client.copas()
    const [, [ok]] = await Promise.all([
      raw.accept({}, Buffer.from([0x81, 2, 0x68, 0x69])),
      one.connect(`ws://127.0.0.1:${raw.port}`),
    ])
    await new Promise(setImmediate)

    expect(ok).toBe(true)
    expect(await one.receive()).toEqual(['hi', 1])
    one.terminate()
  })

  it.each([
    ['ws://[::1]:PORT', '::1', '[::1]'],
    ['ws://localhost:PORT', 'localhost', 'localhost'],
  ])('connects to %s', async (pattern, host, shown) => {
    const server = await RawServer.listen(host)
    const one = client.copas()
    const [peer, [ok]] = await Promise.all([server.accept(), one.connect(pattern.replace('PORT', String(server.port)))])

    expect(ok).toBe(true)
    expect(peer.head).toContain(`Host: ${shown}:${server.port}\r\n`)
    expect(peer.head).toMatch(/^GET \/ HTTP/)
    one.terminate()
    await server.close()
  })

  it.each([
    ['ws://127.0.0.1', '127.0.0.1:80'],
    ['wss://127.0.0.1', '127.0.0.1:443'],
  ])('takes the usual port of %s', async (url, refused) => {
    // Nobody listens there, and who knows: only that it is that port which was tried.
    const [ok, reason] = await client.copas({ timeout: 2 }).connect(url)
    expect([ok, typeof reason, refused.length > 0]).toEqual([undefined, 'string', true])
  })

  it.each([
    [{ timeout: 0 }],
    [{ timeout: 86_401 }],
    [{ timeout: '2' }],
    [{ maxQueuedBytes: 0 }],
    [{ maxMessageBytes: 1.5 }],
    [{ perMessageDeflate: {} }],
    [{ pingIntervalMs: -1 }],
    [{ headers: { 'X-Test': 'a\r\nb' } }],
    [{ headers: { Host: 'other' } }],
    [{ headers: { 'Sec-WebSocket-Key': 'x' } }],
    [{ origin: 'a\nb' }],
    [{ tls: { ca: 'no certificate', cert: 'none', key: 'none' } }],
    [{ proxy: 'socks5://127.0.0.1' }],
    [{ proxy: true }],
    [{ unref: 1 }],
    [null],
  ])('refuses the options %j', (options) => {
    expect(() => client.copas(options as ClientOptions)).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION_INVALID' }),
    )
    expect(() => client.sync(options as ClientOptions)).toThrow(expect.objectContaining({ code: 'ERR_OPTION_INVALID' }))
  })

  it.each([{ timeoutMs: 5 }, { tls: { cafile: 'x' } }])('knows no option %j', (options) => {
    expect(() => client.copas(options as ClientOptions)).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION_UNKNOWN' }),
    )
  })

  it('has the names of lua-websockets, and two more', () => {
    expect(client.new).toBe(client.sync)
    expect(client.async).toBe(client.copas)
  })
})
