import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { ChildProgram } from '../support/child-program.ts'
import { createAuthority } from '../support/certificates.ts'
import { udpipe } from './udpipe-command.ts'

const folder = mkdtempSync(join(tmpdir(), 'udpipe-ws-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function listen(...options: readonly string[]): Promise<{ listener: ChildProgram; url: string }> {
  const listener = udpipe('ws', 'listen', '0', '--host', '127.0.0.1', ...options)
  const [, port = ''] = await listener.until(/listening on 127\.0\.0\.1:(\d+)/)
  return { listener, url: `ws://127.0.0.1:${port}` }
}

async function connect(url: string, ...options: readonly string[]): Promise<ChildProgram> {
  const connection = udpipe('ws', 'connect', url, ...options)
  await connection.until(/ connected to /)
  return connection
}

describe('udpipe ws', () => {
  it('explains itself', async () => {
    const programs = [udpipe('ws', '--help'), udpipe('ws', 'listen', '--help'), udpipe('ws', 'connect', '--help')]

    expect(await Promise.all(programs.map(({ ended }) => ended))).toEqual([0, 0, 0])
    for (const { stdout } of programs) expect(stdout).toMatch(/^Examples:\n {2}udpipe ws /m)
    expect(programs[2]?.stdout).toMatch(/--protocol <name>/)
  })

  it('carries lines both ways, and ends when its input has ended', async () => {
    const { listener, url } = await listen('--prefix')
    const connection = await connect(url)
    connection.write('grüße\n')
    await listener.until(/^1: grüße\n/)
    listener.write('answer\n')
    await connection.until(/^answer\n/)
    connection.end('last, without a newline')

    expect(await connection.ended).toBe(0)
    await listener.until(/disconnected: client 1 .*, closed \(1000\)/)
    expect(listener.stdout).toBe('1: grüße\n1: last, without a newline\n')
    expect(connection.stderr).toMatch(
      /connecting to ws:.*\n.* connected to ws:.*\n.* disconnected from ws:.*: closed \(1000\)\n$/,
    )
  })

  it('brings a file to a listener as it is', async () => {
    const file = Buffer.from(Array.from({ length: 2_000_003 }, (_, i) => (i * i) >> 3))
    const { listener, url } = await listen('--once', '--binary', '--deflate')
    const connection = udpipe('ws', 'connect', '-b', '--deflate', url)

    connection.end(file)

    expect(await connection.ended).toBe(0)
    expect(await listener.ended).toBe(0)
    expect(sha256(listener.stdoutBytes)).toBe(sha256(file))
  })

  it('sends its input to every client, and closes them on SIGINT', async () => {
    const { listener, url } = await listen()
    const [first, second] = await Promise.all([connect(url, '-k'), connect(url, '-k')])

    listener.write('to both\n')
    await Promise.all([first.until(/^to both\n/), second.until(/^to both\n/)])
    listener.kill('SIGINT')

    expect(await listener.ended).toBe(0)
    expect(await Promise.all([first.ended, second.ended])).toEqual([0, 0])
    expect(first.stderr).toMatch(/closed \(1001\)/)
  })

  it('agrees on a protocol, sends headers, and says why there is no connection', async () => {
    const { listener, url } = await listen(
      '-p',
      'chat',
      '-p',
      'echo',
      '--path',
      '/room',
      '--origin',
      'https://a.example',
    )
    const connection = await connect(
      `${url}/room`,
      '-p',
      'other',
      '-p',
      'echo',
      '--origin',
      'https://a.example',
      '-H',
      'X-Test: yes',
    )
    const strangers = [
      udpipe('ws', 'connect', `${url}/elsewhere`),
      udpipe('ws', 'connect', `${url}/room`, '--origin', 'https://b.example'),
      udpipe('ws', 'connect', 'ws://no-such-host.invalid'),
    ]

    expect(await Promise.all(strangers.map(({ ended }) => ended))).toEqual([1, 1, 1])
    expect(strangers.map(({ stderr }) => /no connection with \S+: (.*)\n$/.exec(stderr)?.[1])).toEqual([
      'Websocket Handshake failed: HTTP 404 Not Found',
      'Websocket Handshake failed: HTTP 403 Forbidden',
      'host not found',
    ])
    expect(connection.stderr).toMatch(/connected to .*, protocol echo\n/)
    await listener.until(/connected: client 1 .*, protocol echo\n/)
  })

  it('speaks TLS', async () => {
    const authority = createAuthority()
    const { key, cert } = authority.issue('server.example')
    const files = { key, cert, ca: authority.cert }
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    const { url } = await listen('--cert', join(folder, 'cert'), '--key', join(folder, 'key'))
    const secure = url.replace('ws:', 'wss:')

    const trusted = await connect(secure, '--ca', join(folder, 'ca'))
    await connect(secure, '--insecure')
    const wary = udpipe('ws', 'connect', secure)

    expect(await wary.ended).toBe(1)
    expect(wary.stderr).toMatch(/tls: UNABLE_TO_VERIFY_LEAF_SIGNATURE/)
    trusted.end()
    expect(await trusted.ended).toBe(0)
  })

  it('exits with 1 when the connection is lost, or a line cannot be sent', async () => {
    const { listener, url } = await listen()
    const connection = await connect(url)
    const other = await connect(url)
    other.end(Buffer.concat([Buffer.from([0xff]), Buffer.from('\nfine\n')]))
    expect(await other.ended).toBe(1)
    expect(other.stderr).toMatch(/line 1 was not sent: it is not UTF-8/)
    await listener.until(/^fine\n/)

    listener.kill('SIGKILL')

    expect(await connection.ended).toBe(1)
    expect(connection.stderr).toMatch(/disconnected from .*: lost \(closed\)\n$/)
  })

  it.each([
    ['a URL that is none', ['ws', 'connect', 'localhost'], 1, /Invalid URL: localhost/],
    ['a header that is none', ['ws', 'connect', 'ws://a', '-H', 'x'], 2, /‘Name: value’/],
    ['a header that may not be set', ['ws', 'connect', 'ws://a', '-H', 'Host: b'], 2, /may not set 'Host'/],
    ['prefixes without lines', ['ws', 'listen', '0', '-b', '--prefix'], 2, /--prefix begins lines/],
    ['a key without a certificate', ['ws', 'listen', '0', '--key', 'x'], 2, /--cert needs --key/],
    ['a path that is none', ['ws', 'listen', '0', '--path', 'x'], 1, /path must be a path/],
  ])('refuses %s', async (_what, args, code, sentence) => {
    const program = udpipe(...args)

    expect(await program.ended).toBe(code)
    expect(program.stderr).toMatch(sentence)
  })
})

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
