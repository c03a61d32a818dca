import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { client, server, type Client, type ClientOptions, type ConnectResult, type Server } from 'udpipe/websocket'
import { createAuthority, selfSigned } from '../support/certificates.ts'
import { ConnectProxy } from '../support/connect-proxy.ts'
import { RawPeer, RawServer } from '../support/raw-peer.ts'

const authority = createAuthority()
const { cert: ca } = authority
const servers: Server[] = []
let secure: Server
let alone: Server
let plain: Server

async function listen(tls?: { key: string; cert: string; ca?: string; requestCert?: boolean }): Promise<Server> {
  const listening = await server.listen({
    port: 0,
    interface: '127.0.0.1',
    default: (ws) => ws.onMessage((message, opcode) => ws.send(message, opcode)),
    on_error: () => {},
    ...(tls && { tls }),
  })
  servers.push(listening)
  return listening
}

beforeAll(async () => {
  secure = await listen(authority.issue('server.example'))
  alone = await listen(selfSigned('server.example'))
  plain = await listen()
})
afterAll(async () => {
  await Promise.all(servers.map((one) => one.close()))
})

/** Connects, and when that succeeds has something echoed. */
async function attempt(url: string, options: ClientOptions): Promise<ConnectResult> {
  const one: Client = client.copas(options)
  const result = await one.connect(url)
  if (result[0] === true) {
    await one.send('over and back')
    expect(await one.receive()).toEqual(['over and back', 1])
    await one.close()
  }
  return result
}

describe('TLS', () => {
  it('connects to whom the given authority vouches for', async () => {
    expect((await attempt(`wss://127.0.0.1:${secure.port}`, { tls: { ca } }))[0]).toBe(true)
    expect((await attempt(`wss://127.0.0.1:${secure.port}`, { tls: { ca, servername: 'server.example' } }))[0]).toBe(
      true,
    )
  })

  it('takes tls as the third argument of connect, as Lua has it', async () => {
    const one = client.copas()

    expect((await one.connect(`wss://127.0.0.1:${secure.port}`, undefined, { ca }))[0]).toBe(true)
    await one.close()
  })

  it.each([
    ['who vouches for itself', () => alone.port, {}, 'tls: DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['whom an unknown authority vouches for', () => secure.port, {}, 'tls: UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    [
      'who has another name',
      () => secure.port,
      { ca, servername: 'other.example' },
      'tls: ERR_TLS_CERT_ALTNAME_INVALID',
    ],
    ['who speaks no TLS', () => plain.port, {}, /^tls: (?:EPROTO|ERR_SSL_)/],
  ])('refuses %s, and says why', async (_who, port, tls, reason) => {
    const result = await attempt(`wss://127.0.0.1:${port()}`, { tls })

    expect(result).toEqual([undefined, typeof reason === 'string' ? reason : expect.stringMatching(reason), undefined])
  })

  it('refuses nobody with rejectUnauthorized: false, which is for tests', async () => {
    expect((await attempt(`wss://127.0.0.1:${alone.port}`, { tls: { rejectUnauthorized: false } }))[0]).toBe(true)
  })

  it('asks clients for a certificate where the server wants one', async () => {
    const strict = await listen({ ...authority.issue('server.example'), ca, requestCert: true })
    const known = authority.issue('client.example')

    expect((await attempt(`wss://127.0.0.1:${strict.port}`, { tls: { ca, ...known } }))[0]).toBe(true)
    expect((await attempt(`wss://127.0.0.1:${strict.port}`, { tls: { ca } }))[0]).toBeUndefined()
  })

  it('lets a server close while somebody shakes hands for ever', async () => {
    const listening = await listen(authority.issue('server.example'))
    const peer = await RawPeer.open(listening.port)
    const one = client.copas({ tls: { ca } })
    await one.connect(`wss://127.0.0.1:${listening.port}`)

    await listening.close()

    expect(one.closed ?? (await one.receive()).slice(2)).toEqual(expect.arrayContaining([true, 1001]))
    peer.destroy()
  })
})

describe('a proxy', () => {
  it('leads to ws and to wss', async () => {
    const proxy = await ConnectProxy.listen()
    const options = { proxy: `http://127.0.0.1:${proxy.port}`, tls: { ca } }

    expect((await attempt(`ws://127.0.0.1:${plain.port}`, options))[0]).toBe(true)
    expect((await attempt(`wss://127.0.0.1:${secure.port}`, options))[0]).toBe(true)

    expect(proxy.targets).toEqual([`127.0.0.1:${plain.port}`, `127.0.0.1:${secure.port}`])
    proxy.close()
  })

  it('lets pass who knows the password, and says what it said to who does not', async () => {
    const proxy = await ConnectProxy.listen('user:secret')
    const url = `ws://127.0.0.1:${plain.port}`

    expect((await attempt(url, { proxy: `http://user:secret@127.0.0.1:${proxy.port}` }))[0]).toBe(true)
    expect(await attempt(url, { proxy: `http://127.0.0.1:${proxy.port}` })).toEqual([
      undefined,
      'proxy: HTTP 407 Proxy Authentication Required',
      undefined,
    ])
    expect(proxy.targets).toHaveLength(1)
    proxy.close()
  })

  it('that is not there, says nothing, or ends, is told as a server would be', async () => {
    const mute = await RawServer.listen()
    const url = `ws://127.0.0.1:${plain.port}`
    const silent = attempt(url, { proxy: `http://127.0.0.1:${mute.port}`, timeout: 0.1 })
    const first = await mute.next()
    expect(await silent).toEqual([undefined, 'timeout', undefined])
    await first.rest().catch(() => {})
    const ending = attempt(url, { proxy: `http://127.0.0.1:${mute.port}` })
    const second = await mute.next()
    second.socket.end()

    expect(await ending).toEqual([undefined, 'closed', undefined])
    const { port } = mute
    await mute.close()
    expect(await attempt(url, { proxy: `http://127.0.0.1:${port}` })).toEqual([
      undefined,
      'connection refused',
      undefined,
    ])
  })

  it('is that of the environment only when it is asked for', async () => {
    const proxy = await ConnectProxy.listen()
    const url = `ws://127.0.0.1:${plain.port}`
    process.env['HTTP_PROXY'] = `127.0.0.1:${proxy.port}`
    try {
      await attempt(url, {})
      await attempt(url, { proxy: 'env' })
      process.env['NO_PROXY'] = '127.0.0.1'
      await attempt(url, { proxy: 'env' })
    } finally {
      delete process.env['HTTP_PROXY']
      delete process.env['NO_PROXY']
    }

    expect(proxy.targets).toHaveLength(1)
    proxy.close()
  })
})
