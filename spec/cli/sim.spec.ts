import { createHash } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { openRawSocket } from '../support/raw-socket.ts'
import { udpipe } from './udpipe-command.ts'

describe('udpipe sim', () => {
  it('loses a tenth of the datagrams each way; the file arrives whole all the same, and SIGINT sums up', async () => {
    const file = Buffer.from(Array.from({ length: 100_001 }, (_, i) => (i * i) >> 5))
    const address = ['--host', '127.0.0.1', '--advertise', '127.0.0.2']
    const listener = udpipe('listen', '0', '--once', ...address, '--private-ports', '40320-40322')
    const [, serverPort = ''] = await listener.until(/listening on 127\.0\.0\.1:(\d+)/)
    const relay = udpipe('sim', '0', '127.0.0.1', serverPort, '--ports', '40320-40322', '--delay', '5', '--loss', '10')
    const [, port = ''] = await relay.until(/relaying 127\.0\.0\.2:(\d+) to 127\.0\.0\.1:\d+\n/)
    const connection = udpipe('connect', '127.0.0.2', port)

    connection.end(file)

    expect(await connection.ended).toBe(0)
    expect(await listener.ended).toBe(0)
    expect(sha256(listener.stdoutBytes)).toBe(sha256(file))
    relay.kill('SIGINT')
    expect(await relay.ended).toBe(0)
    // Had the private port gone past the relay, it would have seen a handful of datagrams.
    const [, offered = '', lost = ''] = /to the server: +\d+ of (\d+) datagrams .* (\d+) lost/.exec(relay.stderr) ?? []
    expect(Number(offered)).toBeGreaterThan(100)
    expect(Number(lost)).toBeGreaterThan(0)
    expect(relay.stderr).toMatch(/to the clients: \d+ of \d+ datagrams \(\d+ bytes\), \d+ lost, 0 dropped by the queue/)
  })

  it('stands between clients and a server that has one port, and relays that one only', async () => {
    const listener = udpipe(
      'listen',
      '0',
      '--security',
      'none',
      '--private-ports',
      'shared',
      '--lines',
      '--host',
      '127.0.0.1',
      '--advertise',
      '127.0.0.2',
    )
    const [, serverPort = ''] = await listener.until(/listening on 127\.0\.0\.1:(\d+)/)
    const relay = udpipe('sim', '0', '127.0.0.1', serverPort, '--loss', '10')
    const [, port = ''] = await relay.until(/relaying 127\.0\.0\.2:(\d+) to 127\.0\.0\.1:\d+\n/)
    const client = udpipe('connect', '--security', 'none', '--lines', '127.0.0.2', port)

    client.end('from a client\n')

    expect(await client.ended).toBe(0)
    listener.kill('SIGINT')
    expect(await listener.ended).toBe(0)
    expect(listener.stdoutBytes.toString()).toBe('from a client\n')
    expect(listener.stderr).toContain(`on the port ${serverPort}`)
    relay.kill('SIGINT')
    expect(await relay.ended).toBe(0)
  })

  it('lets datagrams that jitter holds up overtake each other, and none with --keep-order', async () => {
    const said = Array.from({ length: 50 }, (_, i) => String(i))
    const heardThrough = async (...options: string[]): Promise<readonly string[]> => {
      const [server, client] = [await openRawSocket(), await openRawSocket()]
      const relay = udpipe('sim', '0', '127.0.0.1', String(server.port), '-a', '127.0.0.1', '-j', '50', ...options)
      const [, port = ''] = await relay.until(/relaying 127\.0\.0\.1:(\d+) /)
      for (const word of said) client.say(word, Number(port))
      await vi.waitUntil(() => server.received.length === said.length, 20_000)
      return server.texts
    }

    const [anyOrder, order] = await Promise.all([heardThrough(), heardThrough('--keep-order')])

    expect(anyOrder).not.toEqual(said)
    expect(anyOrder.toSorted()).toEqual(said.toSorted())
    expect(order).toEqual(said)
  })

  it('exits with 1 when it cannot listen, or does not find the server', async () => {
    const [nowhere, unfound] = [
      udpipe('sim', '0', '127.0.0.1', '1', '--host', '192.0.2.1'),
      udpipe('sim', '0', 'no-such-host.invalid', '1'),
    ]

    expect(await Promise.all([nowhere.ended, unfound.ended])).toEqual([1, 1])
    expect(nowhere.stderr).toMatch(/192\.0\.2\.1/)
    expect(unfound.stderr).toMatch(/no-such-host\.invalid.* has no address/)
  })
})

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
