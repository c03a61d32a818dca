import { createServer, get, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { afterEach, describe, expect, it } from 'vitest'
import { client, server, type Client, type ListenConfig, type Server, type ServerClient } from 'udpipe/websocket'
import { upgradeHost, Upgrades } from '../../lib/sockets/upgrades.ts'
import { acceptOf, RawPeer, SAMPLE_KEY } from '../support/raw-peer.ts'

const servers: Server[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((one) => one.close()))
})

interface Listening {
  readonly listening: Server
  readonly errors: string[]
  readonly come: ServerClient[]
  readonly url: string
}

/** Listens on a free port, and notes who came and what was told. */
async function listen(config: Partial<ListenConfig> = {}): Promise<Listening> {
  const errors: string[] = []
  const come: ServerClient[] = []
  const listening = await server.copas.listen({
    port: 0,
    interface: '127.0.0.1',
    default: (ws) => come.push(ws),
    on_error: (message) => errors.push(message),
    ...config,
  })
  servers.push(listening)
  return { listening, errors, come, url: `ws://127.0.0.1:${listening.port}` }
}

async function connected(url: string, protocol?: string | readonly string[]): Promise<Client> {
  const one = client.copas()
  const [ok, error] = await one.connect(url, protocol)
  if (ok !== true) throw new Error(error)
  return one
}

async function until(isMet: () => boolean): Promise<void> {
  while (!isMet()) await new Promise((resolve) => setTimeout(resolve, 1))
}

const statusOf = ({ head }: RawPeer): string => head.split('\r\n')[0] ?? ''

describe('the opening at a server', () => {
  it('answers with the sum of RFC 6455, 1.3', async () => {
    const { listening } = await listen()

    const peer = await RawPeer.connect(listening.port)

    expect(acceptOf(SAMPLE_KEY)).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
    expect(peer.head).toBe(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n',
    )
    peer.destroy()
  })

  it.each([
    ['another method', {}, 'POST / HTTP/1.1', '400 Bad Request'],
    ['HTTP/1.0', {}, 'GET / HTTP/1.0', '400 Bad Request'],
    ['no upgrade', { Upgrade: undefined }, undefined, '400 Bad Request'],
    ['another upgrade', { Upgrade: 'h2c' }, undefined, '400 Bad Request'],
    ['no Connection', { Connection: undefined }, undefined, '400 Bad Request'],
    ['another Connection', { Connection: 'keep-alive' }, undefined, '400 Bad Request'],
    ['no host', { Host: undefined }, undefined, '400 Bad Request'],
    ['no key', { 'Sec-WebSocket-Key': undefined }, undefined, '400 Bad Request'],
    ['a short key', { 'Sec-WebSocket-Key': 'c2hvcnQ=' }, undefined, '400 Bad Request'],
    ['no version', { 'Sec-WebSocket-Version': undefined }, undefined, '426 Upgrade Required'],
    ['an old version', { 'Sec-WebSocket-Version': '8' }, undefined, '426 Upgrade Required'],
    ['a newer version', { 'Sec-WebSocket-Version': '14' }, undefined, '426 Upgrade Required'],
    ['protocols that are no tokens', { 'Sec-WebSocket-Protocol': 'a b' }, undefined, '400 Bad Request'],
    ['a protocol twice', { 'Sec-WebSocket-Protocol': 'a, a' }, undefined, '400 Bad Request'],
    ['a list with a hole', { 'Sec-WebSocket-Protocol': 'a,,b' }, undefined, '400 Bad Request'],
    ['what is no HTTP', {}, 'hello', '400 Bad Request'],
    ['too much of a header', { 'X-Long': 'x'.repeat(20_000) }, undefined, '431 Request Header Fields Too Large'],
  ])('refuses %s', async (_what, headers, requestLine, status) => {
    const { listening, errors, come } = await listen()

    const peer = await RawPeer.connect(listening.port, headers, requestLine)
    await peer.rest()
    peer.destroy()

    expect(statusOf(peer)).toBe(`HTTP/1.1 ${status}`)
    expect(peer.head).toMatch(/^Connection: close$/im)
    if (status.startsWith('426')) expect(peer.head).toMatch(/^Sec-WebSocket-Version: 13$/im)
    expect(errors).toEqual(['invalid request'])
    expect(come).toEqual([])
  })

  it('tells of a request that ends before it is complete, and not of a port that is only looked at', async () => {
    const { listening, errors } = await listen()
    const looking = await RawPeer.open(listening.port)
    looking.socket.end()
    await looking.gone
    const half = await RawPeer.open(listening.port)
    half.socket.end('GET / HTTP/1.1\r\nHost: a\r\n')
    await half.gone

    await until(() => errors.length > 0)
    expect(errors).toEqual(['invalid request'])
  })

  it('lets nobody take for ever: a thousand that say half are gone in time', async () => {
    const { listening, errors } = await listen({ handshakeTimeoutMs: 200 })
    const peers = await Promise.all(Array.from({ length: 1_000 }, () => RawPeer.open(listening.port)))
    for (const peer of peers.slice(0, 500)) peer.socket.write('GET / HTTP/1.1\r\n')

    await Promise.all(peers.map((peer) => peer.rest().then(() => peer.destroy())))

    expect(errors.filter((text) => text === 'invalid request')).toHaveLength(1_000)
  })

  it('hands over what came in one packet with the request', async () => {
    const { listening, come } = await listen()
    const peer = await RawPeer.open(listening.port)

    peer.request({}, undefined, peer.frame(1, 'first'))
    await peer.untilHead()
    await new Promise((resolve) => setTimeout(resolve, 5))

    expect(await come[0]?.receive()).toEqual(['first', 1])
    peer.destroy()
  })
})

describe('the choice of a protocol', () => {
  const names = ['echo', 'chat']
  it.each([
    ['none', undefined, 'default', undefined],
    ['an empty header, as Lua’s client sends', '', 'default', undefined],
    ['blanks', '  ', 'default', undefined],
    ['one there is', 'echo', 'echo', 'echo'],
    ['one there is not', 'other', 'default', undefined],
    ['two there are, in the client’s order', 'chat, echo', 'chat', 'chat'],
    ['one there is not before one there is', 'other, echo', 'echo', 'echo'],
    ['a list without blanks', 'other,chat,echo', 'chat', 'chat'],
    ['a name of every object', 'constructor, toString', 'default', undefined],
  ])('answers %s', async (_what, offered, served, answered) => {
    const seen: string[] = []
    const { listening } = await listen({
      protocols: Object.fromEntries(names.map((name) => [name, () => seen.push(name)])),
      default: () => seen.push('default'),
    })

    const peer = await RawPeer.connect(listening.port, { 'Sec-WebSocket-Protocol': offered })

    expect(seen).toEqual([served])
    expect(/^sec-websocket-protocol: (.*)\r$/im.exec(peer.head)?.[1]).toBe(answered)
    peer.destroy()
  })

  it('refuses who asks for nothing there is where there is no default, as bad protocol', async () => {
    const { listening, errors } = await listen({ protocols: { echo: () => {} }, default: undefined } as never)

    const peers = [
      await RawPeer.connect(listening.port),
      await RawPeer.connect(listening.port, { 'Sec-WebSocket-Protocol': 'other' }),
    ]

    for (const peer of peers) {
      expect(statusOf(peer)).toBe('HTTP/1.1 400 Bad Request')
      peer.destroy()
    }
    expect(errors).toEqual(['bad protocol', 'bad protocol'])
  })
})

describe('the choice of compression', () => {
  it.each([
    ['as offered', 'permessage-deflate', true],
    ['with a window of the client', 'permessage-deflate; client_max_window_bits', true],
    ['with windows', 'permessage-deflate; client_max_window_bits=10; server_max_window_bits=10', true],
    ['without contexts', 'permessage-deflate; server_no_context_takeover; client_no_context_takeover', true],
    ['behind another extension', 'x-zip, permessage-deflate', true],
    ['as the second offer, behind one that is wrong', 'permessage-deflate; unknown, permessage-deflate', true],
    ['not when a parameter is unknown', 'permessage-deflate; unknown', false],
    ['not when a window is too large', 'permessage-deflate; server_max_window_bits=16', false],
    ['not when a window is smaller than zlib has', 'permessage-deflate; server_max_window_bits=8', false],
    [
      'not when a parameter is there twice',
      'permessage-deflate; server_max_window_bits=10; server_max_window_bits=11',
      false,
    ],
    ['not when a flag has a value', 'permessage-deflate; server_no_context_takeover=1', false],
    ['not when the header makes no sense', 'permessage-deflate;;', false],
  ])('agrees %s: %s', async (_what, offer, isAgreed) => {
    const { listening } = await listen({ perMessageDeflate: true })

    const peer = await RawPeer.connect(listening.port, { 'Sec-WebSocket-Extensions': offer })

    expect(statusOf(peer)).toBe('HTTP/1.1 101 Switching Protocols')
    expect(/^sec-websocket-extensions: permessage-deflate/im.test(peer.head)).toBe(isAgreed)
    peer.destroy()
  })

  it('is none unless it is asked for', async () => {
    const { listening } = await listen()

    const peer = await RawPeer.connect(listening.port, { 'Sec-WebSocket-Extensions': 'permessage-deflate' })

    expect(peer.head).not.toMatch(/extensions/i)
    peer.destroy()
  })

  it('differs from bare ws, which answers a bad offer with an error', async () => {
    const bare = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: true })
    await once(bare, 'listening')

    const peer = await RawPeer.connect((bare.address() as AddressInfo).port, {
      'Sec-WebSocket-Extensions': 'permessage-deflate; unknown',
    })

    expect(statusOf(peer)).toBe('HTTP/1.1 400 Bad Request')
    peer.destroy()
    bare.close()
  })
})

describe('who is let in', () => {
  it('has room for so many, those that are being verified too', async () => {
    let decide: (isIn: boolean) => void = () => {}
    const { listening, url } = await listen({
      maxClients: 2,
      verify: () => new Promise((resolve) => (decide = resolve)),
    })
    const first = client.copas()
    const connecting = first.connect(url)
    await until(() => decide.length === 1)
    decide(true)
    await connecting
    const second = client.copas().connect(url)
    await new Promise((resolve) => setTimeout(resolve, 20))

    const third = await client.copas().connect(url)
    decide(true)

    expect(third.slice(0, 2)).toEqual([undefined, 'Websocket Handshake failed: HTTP 503 Service Unavailable'])
    expect((await second)[0]).toBe(true)
    await first.close()
    await until(() => [...listening.clients()].length === 1)
  })

  it.each([
    ['an origin that is listed', 'https://a.example', '101 Switching Protocols'],
    ['no origin', undefined, '101 Switching Protocols'],
    ['another origin', 'https://evil.example', '403 Forbidden'],
  ])('lets in %s, or not', async (_what, origin, status) => {
    const { listening } = await listen({ origins: ['https://a.example'] })

    const peer = await RawPeer.connect(listening.port, { Origin: origin })

    expect(statusOf(peer)).toBe(`HTTP/1.1 ${status}`)
    peer.destroy()
  })

  it('asks verify, with the request', async () => {
    const seen: unknown[] = []
    const { url } = await listen({
      verify: (request) => {
        seen.push(request)
        return request.query.includes('token=right')
      },
    })

    const [ok] = await client.copas({ headers: { 'X-Test': 'yes' } }).connect(`${url}/a/b?token=right`)
    const [, error] = await client.copas().connect(`${url}/a`)

    expect([ok, error]).toEqual([true, 'Websocket Handshake failed: HTTP 401 Unauthorized'])
    expect(seen[0]).toMatchObject({
      url: '/a/b?token=right',
      path: '/a/b',
      query: 'token=right',
      headers: { 'x-test': 'yes' },
      remoteAddress: '127.0.0.1',
      remotePort: expect.any(Number) as number,
    })
  })

  it.each([
    [
      'an answer of its own',
      () => ({ status: 429, reason: 'slowly', headers: { 'Retry-After': '7' } }),
      /^HTTP\/1.1 429 .*Retry-After: 7\r/s,
      0,
    ],
    [
      'what it throws',
      () => {
        throw new Error('no database')
      },
      /^HTTP\/1.1 500 /,
      1,
    ],
    ['what it rejects with', () => Promise.reject(new Error('no database')), /^HTTP\/1.1 500 /, 1],
    ['what is no verdict', () => 'yes' as never, /^HTTP\/1.1 500 /, 1],
    ['a status that lets in', () => ({ status: 200 }), /^HTTP\/1.1 500 /, 1],
    ['headers that are two', () => ({ status: 403, headers: { 'X-A': 'a\r\nX-B: b' } }), /^HTTP\/1.1 500 /, 1],
    ['a promise that takes too long', () => new Promise<never>(() => {}), /^HTTP\/1.1 503 /, 1],
  ])('takes for a no %s', async (_what, verify, head, told) => {
    const { listening, errors, come } = await listen({ verify, handshakeTimeoutMs: 100 })

    const peer = await RawPeer.connect(listening.port)

    expect(peer.head).toMatch(head)
    expect([errors.length, come.length]).toEqual([told, 0])
    peer.destroy()
  })

  it('keeps what comes while it verifies', async () => {
    const { listening, come } = await listen({ verify: () => new Promise((resolve) => setTimeout(resolve, 30, true)) })
    const peer = await RawPeer.open(listening.port)

    peer.request({}, undefined, peer.frame(1, 'eager'))
    peer.send(1, 'more')
    await peer.untilHead()

    expect(await come[0]?.receive()).toEqual(['eager', 1])
    expect(await come[0]?.receive()).toEqual(['more', 1])
    peer.destroy()
  })

  it('outlives a client that resets while it is verified', async () => {
    const { listening, come } = await listen({ verify: () => new Promise((resolve) => setTimeout(resolve, 30, true)) })
    const peer = await RawPeer.open(listening.port)
    peer.request()
    await new Promise((resolve) => setTimeout(resolve, 5))
    peer.reset()
    await new Promise((resolve) => setTimeout(resolve, 40))

    const other = await RawPeer.connect(listening.port)

    expect(statusOf(other)).toBe('HTTP/1.1 101 Switching Protocols')
    await until(() => [...listening.clients()].length === 1)
    expect(come.filter((ws) => ws.state === 'OPEN')).toHaveLength(1)
    other.destroy()
  })
})

describe('a handler', () => {
  it.each([
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
    [
      'throws while it handles a message',
      (ws: ServerClient) =>
        ws.onMessage(() => {
          throw new Error('broken')
        }),
    ],
    [
      'rejects while it handles a message',
      (ws: ServerClient) => ws.onMessage(() => Promise.reject(new Error('broken'))),
    ],
  ])('that %s ends its client with 1011, and no other', async (_how, handler) => {
    const { url, errors } = await listen({ protocols: { broken: handler, good: () => {} } })
    const good = await connected(url, 'good')
    const one = await connected(url, 'broken')
    await one.send('go')

    expect(await one.receive()).toEqual([undefined, undefined, true, 1011, 'closed'])
    expect(errors).toEqual(['broken'])
    expect(good.state).toBe('OPEN')
    await good.close()
  })

  it('that returns does not close, as in Lua', async () => {
    const { url, come } = await listen({ default: () => {} })
    const one = await connected(url)

    expect(await one.ping()).toBeGreaterThan(0)
    expect(come).toEqual([])
    await one.close()
  })

  it('may close before its first await', async () => {
    const { url } = await listen({ default: (ws) => ws.close(4000, 'not today') })

    expect(await (await connected(url)).receive()).toEqual([undefined, undefined, true, 4000, 'not today'])
  })

  it('has a client with a number, a request, and what the program remembers of it', async () => {
    const { url, come } = await listen()
    const [a, b] = [await connected(`${url}/a?b`), await connected(url)]

    expect(come[0]?.id).not.toBe(come[1]?.id)
    expect([come[0]?.url, come[0]?.request.path, come[0]?.headers['upgrade'], come[0]?.userData]).toEqual([
      '/a?b',
      '/a',
      'websocket',
      undefined,
    ])
    await Promise.all([a.close(), b.close()])
  })

  it('may throw in on_error without harm to others', async () => {
    const failures: unknown[] = []
    const note = (error: unknown): void => void failures.push(error)
    process.on('uncaughtException', note)
    const before = process.listeners('uncaughtException').filter((listener) => listener !== note)
    for (const listener of before) process.off('uncaughtException', listener)
    const { listening, url } = await listen({
      on_error: () => {
        throw new Error('in on_error')
      },
    })

    await RawPeer.connect(listening.port, { Upgrade: 'h2c' })
    const one = await connected(url)

    await until(() => failures.length > 0)
    process.off('uncaughtException', note)
    for (const listener of before) process.on('uncaughtException', listener)
    expect(failures).toEqual([expect.objectContaining({ message: 'in on_error' })])
    await one.close()
  })
})

describe('broadcast', () => {
  it('reaches the open clients of the same protocol, itself included, and no others', async () => {
    const { listening, url } = await listen({
      protocols: {
        chat: async (ws) => {
          const [text] = await ws.receive()
          ws.broadcast(text ?? '')
        },
        other: () => {},
      },
    })
    const other = await listen({ protocols: { chat: () => {} } })
    const chat = await Promise.all(Array.from({ length: 20 }, () => connected(url, 'chat')))
    const rest = [await connected(url, 'other'), await connected(url), await connected(other.url, 'chat')]

    await chat[0]?.send('hello all')
    for (const one of chat) expect(await one.receive()).toEqual(['hello all', 1])
    expect(listening.broadcast('chat', Buffer.from('bytes'))).toBe(20)
    for (const one of chat) expect(await one.receive()).toEqual([Buffer.from('bytes'), 2])
    expect(listening.broadcast(undefined, 'to the default')).toBe(1)

    expect(await rest[1]?.receive()).toEqual(['to the default', 1])
    expect([rest[0]?.tryReceive(), rest[2]?.tryReceive()]).toEqual([undefined, undefined])
    expect([...listening.clients('chat')].length).toBe(20)
    expect([...listening.clients()].length).toBe(22)
    expect(() => listening.broadcast('nobody', 'x')).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT_INVALID' }))
    expect(() => listening.broadcast('chat', 7 as never)).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT_INVALID' }),
    )
    await Promise.all([...chat, ...rest].map((one) => one.close()))
  })

  it('cuts a client that does not read, tells why, and all others get all', async () => {
    const { listening, url, come, errors } = await listen({ maxQueuedBytes: 1_000_000 })
    const slow = await RawPeer.connect(listening.port)
    slow.socket.pause()
    const others = await Promise.all(Array.from({ length: 19 }, () => connected(url)))
    const message = 'x'.repeat(100_000)
    const counts = new Map(others.map((one) => [one, 0]))
    for (const one of others) one.onMessage(() => counts.set(one, (counts.get(one) ?? 0) + 1))

    for (let i = 0; i < 200; i += 1) {
      listening.broadcast(undefined, message)
      // The others read as fast as they can.
      await until(() => [...listening.clients()].every((ws) => ws.id === come[0]?.id || ws.queuedBytes === 0))
    }

    await until(() => [...counts.values()].every((count) => count === 200))
    expect(await come[0]?.receive()).toEqual([undefined, undefined, false, 1013, 'slow consumer'])
    expect(errors).toEqual([expect.stringContaining('slow consumer')])
    slow.destroy()
    await Promise.all(others.map((one) => one.close()))
  })

  it('leaves bytes alone that are used again at once', async () => {
    const { listening, url } = await listen()
    const one = await connected(url)
    const bytes = Buffer.alloc(500_000, 'a')

    listening.broadcast(undefined, bytes)
    bytes.fill('!')

    expect(Buffer.alloc(500_000, 'a').equals((await one.receive())[0] as Buffer)).toBe(true)
    await one.close()
  })
})

describe('the close of a server', () => {
  it('closes its clients with 1001, frees the port, and is one and the same promise', async () => {
    const { listening, url } = await listen()
    const { port } = listening
    const clients = await Promise.all(Array.from({ length: 5 }, () => connected(url)))
    const ends = clients.map((one) => one.receive())

    const closing = listening.close()
    expect(listening.close()).toBe(closing)
    await closing

    expect(await Promise.all(ends)).toEqual(clients.map(() => [undefined, undefined, true, 1001, 'closed']))
    const again = await listen({ port })
    expect(again.listening.port).toBe(port)
  })

  it('cuts those of a hundred that do not answer in time', async () => {
    const { listening, url } = await listen({ closeTimeoutMs: 100 })
    const polite = await Promise.all(Array.from({ length: 90 }, () => connected(url)))
    const mute = await Promise.all(Array.from({ length: 10 }, () => RawPeer.connect(listening.port)))

    await listening.close()

    for (const one of polite) expect(one.closed).toEqual([true, 1001, ''])
    for (const peer of mute) expect((await peer.rest()).map(({ opcode }) => opcode)).toEqual([8])
  })

  it('keeps clients that it is told to keep: they live on, are broadcast to, and closed by a later close', async () => {
    const { listening, url } = await listen()
    const { port } = listening
    const one = await connected(url)

    await listening.close(true)

    const successor = await listen({ port })
    expect(one.state).toBe('OPEN')
    expect(listening.broadcast(undefined, 'still here')).toBe(1)
    expect(await one.receive()).toEqual(['still here', 1])
    const received = one.receive()
    await listening.close()
    expect(await received).toEqual([undefined, undefined, true, 1001, 'closed'])
    expect(successor.listening.port).toBe(port)
  })

  it('leaves the clients of another server alone', async () => {
    const [first, second] = [await listen(), await listen()]
    const one = await connected(second.url)

    await first.listening.close()

    expect(await one.ping()).toBeGreaterThan(0)
    await one.close()
  })

  it('lets nobody in that was being verified', async () => {
    const { listening } = await listen({ verify: () => new Promise((resolve) => setTimeout(resolve, 50, true)) })
    const peer = await RawPeer.open(listening.port)
    peer.request()
    await new Promise((resolve) => setTimeout(resolve, 10))

    await listening.close()

    expect(statusOf(peer)).toBe('HTTP/1.1 503 Service Unavailable')
    peer.destroy()
  })

  it('ends with its scope', async () => {
    let port: number
    {
      await using listening = await server.listen({ port: 0, interface: '127.0.0.1', default: () => {} })
      port = listening.port
    }
    expect(await client.copas().connect(`ws://127.0.0.1:${port}`)).toEqual([undefined, 'connection refused', undefined])
  })
})

describe('a server that is attached to another', () => {
  it('shares it by path with others, and with plain requests', async () => {
    const http = createServer((_request, response) => response.end('plain')).listen(0, '127.0.0.1')
    await once(http, 'listening')
    const { port } = http.address() as AddressInfo
    const a = await listen({
      server: http,
      path: '/a',
      port: undefined,
      interface: undefined,
      default: (ws: ServerClient) => ws.send('a'),
    } as never)
    const b = await listen({
      server: http,
      path: '/b',
      port: undefined,
      interface: undefined,
      default: (ws: ServerClient) => ws.send('b'),
    } as never)
    const url = `ws://127.0.0.1:${port}`
    const [toA, toB] = [await connected(`${url}/a?x`), await connected(`${url}/b`)]

    expect(http.listenerCount('upgrade')).toBe(1)
    expect([a.listening.port, a.listening.address]).toEqual([port, '127.0.0.1'])
    expect(await toA.receive()).toEqual(['a', 1])
    expect(await toB.receive()).toEqual(['b', 1])
    expect((await client.copas().connect(`${url}/c`))[1]).toBe('Websocket Handshake failed: HTTP 404 Not Found')

    await a.listening.close()
    expect(toA.closed).toEqual([true, 1001, ''])
    expect(await toB.ping()).toBeGreaterThan(0)
    const [response] = (await once(get({ port, host: '127.0.0.1', agent: false }), 'response')) as [IncomingMessage]
    expect(((await response.toArray()) as Buffer[]).join('')).toBe('plain')
    await toB.close()
    await b.listening.close()
    expect(http.listenerCount('upgrade')).toBe(0)
    http.close()
  })

  it('leaves paths to somebody else who listens for upgrades', async () => {
    const http = createServer().listen(0, '127.0.0.1')
    await once(http, 'listening')
    http.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 418 Mine\r\n\r\n'))
    await listen({ server: http, path: '/a', port: undefined, interface: undefined } as never)

    const peer = await RawPeer.connect((http.address() as AddressInfo).port, {}, 'GET /mine HTTP/1.1')

    expect(statusOf(peer)).toBe('HTTP/1.1 418 Mine')
    peer.destroy()
    http.close()
  })

  it('refuses a path that is taken, and options of a server of its own', async () => {
    const http = createServer()
    await listen({ server: http, path: '/a', port: undefined, interface: undefined } as never)
    const invalid: unknown = expect.objectContaining({ code: 'ERR_OPTION_INVALID' })

    expect(() => server.listen({ server: http, path: '/a', default: () => {} })).toThrow(invalid)
    expect(() => server.listen({ server: http, port: 80, default: () => {} })).toThrow(invalid)
    expect(() => server.listen({ server: {}, default: () => {} })).toThrow(invalid)
  })

  it('takes a handle that only listens later', async () => {
    const upgrades = new Upgrades()
    const handle = { [upgradeHost]: Object.assign(upgrades, { port: 0, address: '' }) }
    const { listening, come } = await listen({
      server: handle,
      path: '/late',
      port: undefined,
      interface: undefined,
    } as never)
    const wasPort = listening.port
    const http = createServer().listen(0, '127.0.0.1')
    http.on('upgrade', (request, socket, head) => upgrades.handle({ request, socket: socket as never, head }))
    await once(http, 'listening')
    const { port } = http.address() as AddressInfo
    Object.assign(upgrades, { port })

    const one = await connected(`ws://127.0.0.1:${port}/late`)

    expect([wasPort, listening.port, come.length]).toEqual([0, port, 1])
    await one.close()
    http.close()
  })
})

describe('listen', () => {
  it.each([
    [{}],
    [{ protocols: {} }],
    [{ default: 7 }],
    [{ protocols: { 'a b': () => {} } }],
    [{ protocols: { a: 'no function' } }],
    [{ default: () => {}, port: 65_536 }],
    [{ default: () => {}, on_error: () => {}, onError: () => {} }],
    [{ default: () => {}, tls: {} }],
    [{ default: () => {}, tls: { key: 'none', cert: 'none' } }],
    [{ default: () => {}, path: 'a' }],
    [{ default: () => {}, origins: 'https://a' }],
    [{ default: () => {}, verify: true }],
    [undefined],
  ])('refuses %j at once', (config) => {
    expect(() => server.copas.listen(config as ListenConfig)).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION_INVALID' }),
    )
  })

  it('knows no option that there is not', () => {
    expect(() => server.listen({ default: () => {}, handlers: {} } as ListenConfig)).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION_UNKNOWN' }),
    )
  })

  it('rejects when the port is taken, or there is no such interface', async () => {
    const { listening } = await listen()
    const config = { port: listening.port, default: () => {} }

    await expect(server.listen({ ...config, interface: '127.0.0.1' })).rejects.toMatchObject({
      code: 'ERR_ADDRESS_IN_USE',
    })
    await expect(server.listen({ ...config, interface: '192.0.2.1' })).rejects.toMatchObject({
      code: 'ERR_ADDRESS_NOT_AVAILABLE',
    })
    await expect(server.listen({ ...config, interface: 'no-such.invalid' })).rejects.toMatchObject({
      code: 'ERR_ADDRESS_NOT_AVAILABLE',
    })
  })

  it('listens on all interfaces unless it is told otherwise', async () => {
    const { listening } = await listen({ interface: '*' })

    const [four, six] = [
      await connected(`ws://127.0.0.1:${listening.port}`),
      await connected(`ws://[::1]:${listening.port}`),
    ]

    expect(listening.address).toBe('::')
    await Promise.all([four.close(), six.close()])
  })

  it('warns where nobody is told of errors', async () => {
    const warnings: Error[] = []
    process.once('warning', (warning) => warnings.push(warning))
    const listening = await server.listen({ port: 0, interface: '127.0.0.1', default: () => {} })
    servers.push(listening)

    await RawPeer.connect(listening.port, { Upgrade: 'h2c' })

    await until(() => warnings.length > 0)
    expect(warnings[0]?.message).toBe('invalid request')
  })
})
