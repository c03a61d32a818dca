import { createHash } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { connect, listen, udpipe } from './udpipe-command.ts'

describe('udpipe connect', () => {
  it('sends each line of its input as a message, prints what it receives, and closes', async () => {
    const { listener, port } = await listen('--lines')
    const connection = await connect(port, '--lines')

    connection.write('first\nsecond\n')
    await listener.until(/^first\nsecond\n/)
    listener.write('answer\n')
    await connection.until(/^answer\n/)
    connection.end('last, without a newline')

    expect(await connection.ended).toBe(0)
    expect(connection.stdout).toBe('answer\n')
    expect(connection.stderr).toMatch(
      /dialing .*\n.*connecting to .*\n.*connected to .*\n.*disconnected .* closed by this side\n.*: sent 34 bytes.*\n.*: received 6 bytes\n$/,
    )
    await listener.until(/disconnected: client 1 .* closed by the other side/)
    expect(listener.stdout).toBe('first\nsecond\nlast, without a newline\n')
  })

  it('brings 10,000 lines to a listener, whole and in order', async () => {
    const lines = Array.from({ length: 10_000 }, (_, i) => `line ${i} ${'·'.repeat(i % 50)}\n`).join('')
    const { listener, port } = await listen('--once', '--lines')
    const connection = udpipe('connect', '127.0.0.1', port, '--lines')

    connection.end(lines)

    expect(await connection.ended).toBe(0)
    expect(await listener.ended).toBe(0)
    expect(sha256(listener.stdoutBytes)).toBe(sha256(lines))
  })

  it.each([
    ['nothing', ''],
    ['bytes without a last newline', Buffer.from(Array.from({ length: 200_003 }, (_, i) => (i * i) >> 3))],
  ])('brings a file of %s to a listener as it is, and says how long that took', async (_what, file) => {
    const { listener, port } = await listen('--once')
    const connection = udpipe('connect', '127.0.0.1', port)

    connection.end(file)

    expect(await connection.ended).toBe(0)
    expect(await listener.ended).toBe(0)
    expect(sha256(listener.stdoutBytes)).toBe(sha256(file))
    if (file.length === 0) return
    expect(connection.stderr).toMatch(/sent 200,003 bytes in \d+\.\d\d s, [\d.]+ .?B\/s\n$/)
    expect(listener.stderr).toMatch(/received 200,003 bytes in \d+\.\d\d s, [\d.]+ .?B\/s\n$/)
  })

  it('brings bytes over the classic protocol, too', async () => {
    const bytes = Buffer.from(Array.from({ length: 40_000 }, (_, i) => (i * i) >> 3))
    const { listener, port } = await listen('--once', '--bytes', '-p', 'classic')
    const connection = await connect(port, '--bytes', '-p', 'classic')

    connection.write(bytes)
    await listener.untilOutput(bytes.length)
    // As a message of its own, this is a word of the classic protocol.
    connection.end('PING')

    expect(await connection.ended).toBe(0)
    expect(await listener.ended).toBe(0)
    expect(listener.stdoutBytes.equals(Buffer.concat([bytes, Buffer.from('PING')]))).toBe(true)
  })

  it('reports each line that the classic protocol cannot send, sends the others, and exits with 1', async () => {
    const { listener, port } = await listen('--once', '-p', 'classic')
    const connection = udpipe('connect', '--quiet', '-p', 'classic', '127.0.0.1', port)

    connection.end(`before\n\nPING\n${'x'.repeat(1201)}\n${'y'.repeat(1200)}\n`)

    expect(await connection.ended).toBe(1)
    expect(await listener.ended).toBe(0)
    expect(listener.stdout).toBe(`before\n${'y'.repeat(1200)}\n`)
    expect(connection.stderr.match(/line \d+ was not sent: it is \w+/g)).toEqual([
      'line 2 was not sent: it is empty',
      'line 3 was not sent: it is one',
      'line 4 was not sent: it is longer',
    ])
  })

  it('holds messages back while the link is stalled, and sends them in order when it is back', async () => {
    const { listener, port } = await listen('--once')
    const connection = await connect(port)
    const lines = Array.from({ length: 100 }, (_, i) => `line ${i}\n`).join('')

    listener.kill('SIGSTOP')
    await connection.until(/ stalled: /)
    connection.end(lines)
    listener.kill('SIGCONT')

    expect(await connection.ended).toBe(0)
    expect(connection.stderr).toMatch(/unstalled: /)
    expect(await listener.ended).toBe(0)
    expect(listener.stdout).toBe(lines)
  })

  it('exits with 1 when the server is lost', async () => {
    const { listener, port } = await listen()
    const connection = await connect(port, '--timeout', '1')

    listener.kill('SIGKILL')

    expect(await connection.ended).toBe(1)
    expect(connection.stderr).toMatch(/disconnected from .*: no sign of life for 1 s\n$/)
  })

  it('dials again with --reconnect when the server is lost, and says so', async () => {
    const { listener, port } = await listen()
    const connection = await connect(port, '--timeout', '1', '--reconnect')

    listener.kill('SIGKILL')
    await connection.until(/disconnected from .*: no sign of life for 1 s; dialing again/)
    connection.end('late\n')
    const successor = udpipe('listen', port, '--host', '127.0.0.1', '--once')

    expect(await connection.ended).toBe(0)
    expect(connection.stderr).toMatch(/dialing again\n(.*\n)*.* reconnected to 127\.0\.0\.1/)
    expect(await successor.ended).toBe(0)
    expect(successor.stdout).toBe('late\n')
  })

  it('exits with 1 and says why when there is no connection', async () => {
    const silent = createSocket('udp4')
    silent.bind(0, '127.0.0.1')
    await once(silent, 'listening')
    const unanswered = udpipe('connect', '127.0.0.1', String(silent.address().port), '--timeout', '1')
    const nowhere = udpipe('connect', 'no-such-host.invalid', '1234')

    const endings = await Promise.all([unanswered.ended, nowhere.ended])
    silent.close()

    expect(endings).toEqual([1, 1])
    expect(unanswered.stderr).toMatch(/completed the handshake within 1000 ms/)
    expect(nowhere.stderr).toMatch(/no-such-host\.invalid.* has no address/)
  })

  it('stays with --keep-open when its input has ended, until SIGINT', async () => {
    const { listener, port } = await listen()
    const connection = await connect(port, '--keep-open')

    connection.end('question\n')
    await listener.until(/^question\n/)
    listener.write('answer\n')
    await connection.until(/^answer\n/)
    connection.kill('SIGINT')

    expect(await connection.ended).toBe(0)
    await listener.until(/disconnected: .* closed by the other side/)
  })
})

function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
