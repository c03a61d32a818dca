import { describe, expect, it } from 'vitest'
import { formatTable, parseTable } from '../../lib/cli/table-json.ts'
import { ChildProgram } from '../support/child-program.ts'
import { udpipe } from './udpipe-command.ts'

const KEY = '0C03EA65238DD2C25EB87CE563868098'

async function listen(...options: readonly string[]): Promise<{ listener: ChildProgram; port: string }> {
  const listener = udpipe('table', 'listen', ...options)
  const [, port = ''] = await listener.until(/listening on 127\.0\.0\.1, port (\d+)/)
  return { listener, port }
}

describe('udpipe table', () => {
  it.each([[[]], [['--key', KEY]], [['--udp']], [['--udp', '--key', KEY]]])(
    'carries tables both ways, a line each: %o',
    async (options) => {
      const { listener, port } = await listen(...options)
      const connection = udpipe('table', 'connect', '127.0.0.1', port, ...options)
      await listener.until(/connected: client/)

      connection.write('{"OpCode": 10, "Data": "Hello", "nested": {"list": [1, 2.5, null]}}\n')
      await listener.until(/^\{"OpCode":10,"Data":"Hello","nested":\{"list":\[1,2\.5,null\]\}\}\n/)
      listener.write('["from the server"]\n')
      await connection.until(/^\["from the server"\]\n/)
      connection.end('["last"]\n')

      expect(await connection.ended).toBe(0)
      await listener.until(/\n\["last"\]\n/)
      await listener.until(/disconnected: client .*, OK/)
      listener.kill('SIGINT')
      expect(await listener.ended).toBe(0)
      expect(listener.stderr).toMatch(/sent 1 table, received 2 tables\n$/)
    },
  )

  it('carries thousands of lines from a pipe, and ends by itself', async () => {
    const { listener, port } = await listen()
    const lines = Array.from({ length: 20_000 }, (_, i) => `[${i}]\n`).join('')
    const connection = udpipe('table', 'connect', '127.0.0.1', port)
    connection.end(lines)

    expect(await connection.ended).toBe(0)
    await listener.until(/disconnected: client/)
    expect(listener.stdout).toBe(lines)
  })

  it('takes what JSON has no words for, and says which line was not sent', async () => {
    const { listener, port } = await listen('--host', '127.0.0.1')
    const connection = udpipe('table', 'connect', '127.0.0.1', port)
    connection.end(
      '{"m": {"$map": [[1, "one"], ["ten", {"$bytes": "AQI="}]]}}\nno JSON\n5\n\n[{"$int": "18446744073709551616"}]\n',
    )

    expect(await connection.ended).toBe(1)
    await listener.until(/disconnected/)
    expect(listener.stdout).toBe('{"m":{"$map":[[1,"one"],["ten",{"$bytes":"AQI="}]]}}\n')
    expect(connection.stderr).toMatch(
      /line 2 was not sent: .*\n.*line 3 was not sent: a table is an object or an array\n/,
    )
    expect(connection.stderr).toMatch(/line 5 was not sent: table\[0\]: 18446744073709551616n has more than 64 bits/)
  })

  it('exits with 1 and a sentence when there is no connection, and 2 for wrong usage', async () => {
    const { listener, port } = await listen('--key', KEY)
    const [stranger, wrong, noKey] = [
      udpipe('table', 'connect', '127.0.0.1', port),
      udpipe('table', 'connect', '127.0.0.1'),
      udpipe('table', 'connect', '127.0.0.1', port, '--key', 'secret'),
    ]

    expect(await Promise.all([stranger, wrong, noKey].map(({ ended }) => ended))).toEqual([1, 2, 1])
    expect(stranger.stderr).toMatch(/ERR_ENCRYPTION_MISMATCH: this side has no key, the other a key of 128 bits/)
    expect(noKey.stderr).toMatch(/ERR_KEY_INVALID/)
    expect(noKey.stderr).not.toContain('secret')
    await listener.until(/ERR_ENCRYPTION_MISMATCH/)
  })

  it('explains itself', async () => {
    const [table, listener, connection] = [
      udpipe('table', '--help'),
      udpipe('table', 'listen', '--help'),
      udpipe('table', 'connect', '--help'),
    ]
    expect(await Promise.all([table, listener, connection].map(({ ended }) => ended))).toEqual([0, 0, 0])
    expect(table.stdout).toMatch(/^Examples:\n {2}udpipe table listen 4096/m)
    expect(listener.stdout).toMatch(/^Usage: udpipe table listen \[options\] \[port\]$/m)
    expect(connection.stdout).toMatch(/^Usage: udpipe table connect \[options\] <host> <port>$/m)
  })
})

describe('a table as JSON', () => {
  it.each([
    '{"a":1}',
    '[null,true,"x",1.5]',
    '{"$map":[[1,"one"],[true,{"$bytes":"/w=="}]]}',
    '[{"$int":"18446744073709551615"},{"$float":"NaN"},{"$float":"-Infinity"}]',
    '{"$bytes":1,"other":2}',
  ])('%s is read back as it was written', (line) => {
    expect(formatTable(parseTable(line))).toBe(line)
  })

  it.each(['5', '"text"', 'null', '{"$bytes":"AA=="}', 'no JSON', '{"$int":"x"}'])('%s is none', (line) => {
    expect(() => parseTable(line)).toThrow(SyntaxError)
  })
})
