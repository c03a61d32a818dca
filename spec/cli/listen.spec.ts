import { describe, expect, it } from 'vitest'
import { connect, listen, udpipe } from './udpipe-command.ts'

describe('udpipe listen', () => {
  it('sends its input to every client, and tells with --prefix who sent what', async () => {
    const { listener, port } = await listen('--prefix')
    const [first, second] = await Promise.all([connect(port, '--lines'), connect(port, '--lines')])

    first.write('from the first\n')
    await listener.until(/from the first\n/)
    second.write('from the second\n')
    await listener.until(/from the second\n/)
    listener.end('to both\n')

    await Promise.all([first.until(/^to both\n/), second.until(/^to both\n/)])
    expect(listener.stdout).toMatch(/^(\d): from the first\n(?!\1)\d: from the second\n$/)
  })

  it('keeps its input until there is a client', async () => {
    const { listener, port } = await listen()
    listener.end('early\n')

    const connection = await connect(port)

    await connection.until(/^early\n/)
  })

  it('closes on SIGINT, and its clients end with it', async () => {
    const { listener, port } = await listen()
    const connection = await connect(port)

    listener.kill('SIGINT')

    expect(await listener.ended).toBe(0)
    expect(listener.stderr).toMatch(/SIGINT: closing.*\n.*disconnected: client 1 .* closed by this side\n.*closed\n$/)
    expect(await connection.ended).toBe(0)
  })

  it('ends at once with 130 on a second SIGINT', async () => {
    const { listener, port } = await listen()
    const connection = await connect(port)
    connection.kill('SIGSTOP')

    listener.kill('SIGINT')
    await listener.until(/SIGINT: closing/)
    listener.kill('SIGINT')

    expect(await listener.ended).toBe(130)
  })

  it('sends clients away over --max-clients and with another token, and goes on', async () => {
    const { listener, port } = await listen('--max-clients', '1', '--token', 'secret')
    const connection = await connect(port, '--token', 'secret')
    const strangers = [
      udpipe('connect', '127.0.0.1', port, '--token', 'secret'),
      udpipe('connect', '127.0.0.1', port, '--token', 'guess'),
    ]

    expect(await Promise.all(strangers.map((stranger) => stranger.ended))).toEqual([1, 1])
    for (const { stderr } of strangers) expect(stderr).toMatch(/GO AWAY!/)
    expect(listener.stderr).toMatch(/refused: 127\.0\.0\.1:\d+ is one client too many/)
    expect(listener.stderr).toMatch(/refused: 127\.0\.0\.1:\d+ has another token/)
    connection.end('still here\n')
    await listener.until(/^still here\n/)
  })

  it('ends quietly when nobody reads its output any more', async () => {
    const { listener, port } = await listen()
    const connection = await connect(port)
    listener.closeStdout()

    connection.write('into the void\n')

    expect(await listener.ended).toBe(0)
    expect(listener.stderr).not.toMatch(/EPIPE/)
    expect(await connection.ended).toBe(0)
  })

  it('exits with 1 when the port is taken', async () => {
    const { port } = await listen()

    const second = udpipe('listen', port, '--host', '127.0.0.1')

    expect(await second.ended).toBe(1)
    expect(second.stderr).toMatch(/is in use/)
  })

  it('shows every datagram with --verbose, and only failures with --quiet', async () => {
    const { listener, port } = await listen('--verbose', '--once', '--protocol', 'classic')
    const connection = udpipe('connect', '127.0.0.1', port, '--quiet', '--protocol', 'classic')
    connection.end('hello\n')

    expect(await connection.ended).toBe(0)
    expect(connection.stderr).toBe('')
    expect(await listener.ended).toBe(0)
    for (const word of ['HELLO', 'CONNECT', 'CONNECTED', 'data', 'CLOSE', 'CLOSED']) {
      expect(listener.stderr).toMatch(new RegExp(`[←→] .* ${word} `))
    }
  })
})
