import { describe, expect, it } from 'vitest'
import { sessionCrypto } from '../../../lib/network/transport/crypto.ts'
import { encodeFrame } from '../../../lib/network/wire/frame.ts'
import { Opener, RECORDS_PER_KEY, Sealer } from '../../../lib/network/wire/record.ts'
import { ProseSide, closeByTheProse, encodeHelloByTheProse, type ProseFrame } from '../../support/network-prose.ts'
import {
  fed,
  KEY_128,
  KEY_256,
  LIMIT,
  makeSession,
  modes,
  secretOf,
  SessionPair,
  tableFrame,
  transmitted,
} from '../../support/network-sessions.ts'

const EMPTY = Buffer.alloc(0)
const READY: ProseFrame = { type: 'READY', payload: EMPTY }
const table = (text: string): ProseFrame => ({ type: 'TABLE', payload: Buffer.from(text) })

/** A server that has read a client's Hello, and that client, written from the prose. */
function greeted(key: string, limit = LIMIT): { server: ReturnType<typeof makeSession>; client: ProseSide } {
  const server = makeSession('server', key, limit)
  const client = new ProseSide('client', key, LIMIT, secretOf(1))
  expect(fed(server, client.hello)).toEqual(['greeted'])
  client.agree(transmitted(server).subarray(0, 48))
  return { server, client }
}

describe.each(modes)('a session %s', (_mode, key) => {
  it('carries tables both ways, in order, and ends on CLOSE', () => {
    const pair = new SessionPair(key).run()
    for (let i = 0; i < 5; i += 1) pair.client.sendTable(tableFrame(`up ${i}`))
    for (let i = 0; i < 3; i += 1) pair.server.sendTable(tableFrame(`down ${i}`))
    pair.run()
    pair.client.close(0, 'enough')
    pair.run()

    expect(pair.serverWords).toEqual([
      'greeted',
      'standing',
      ...Array.from({ length: 5 }, (_, i) => `table up ${i}`),
      'closed 0 enough',
    ])
    expect(pair.clientWords).toEqual(['greeted', 'standing', 'table down 0', 'table down 1', 'table down 2'])
    expect([pair.client.isOver, pair.server.isOver]).toEqual([true, true])
    expect([pair.client.peerLimit, pair.server.peerLimit]).toEqual([LIMIT, LIMIT])
  })

  it('means the same however its bytes are cut into chunks', () => {
    const pair = new SessionPair(key).run()
    for (let i = 0; i < 4; i += 1) pair.client.sendTable(tableFrame(`${i} `.repeat(i * 30)))
    pair.run()
    pair.client.sendTable(tableFrame('x'.repeat(3_000)))
    pair.client.sendPing()
    pair.client.close(0, 'the end')
    pair.run()
    const bytes = pair.sent('client')

    for (let chunkBytes = 1; chunkBytes <= bytes.length; chunkBytes += chunkBytes < 300 ? 1 : 97) {
      const server = makeSession('server', key)
      expect([chunkBytes, fed(server, bytes, chunkBytes)]).toEqual([chunkBytes, pair.serverWords])
    }
  })

  it('is understood by a decoder that was written from the prose alone, and understands its encoder', () => {
    const { server, client } = greeted(key)

    const words = [
      ...fed(server, client.encode(READY, table('one'))),
      ...fed(server, client.encode(table('two'), { type: 'PING', payload: Buffer.from('are you there?') })),
    ]
    server.sendTable(tableFrame('three'))
    server.close(7, 'over')
    const answer = transmitted(server)

    expect(words).toEqual(['standing', 'table one', 'table two'])
    // READY had left with the Hello, and is the first of its records.
    const other = new ProseSide('client', key, LIMIT, secretOf(1))
    const fresh = makeSession('server', key)
    fed(fresh, other.hello)
    const beginning = transmitted(fresh)
    other.agree(beginning.subarray(0, 48))
    expect(other.decode(Buffer.concat([beginning.subarray(48), answer]))).toEqual([
      READY,
      { type: 'PONG', payload: Buffer.from('are you there?') },
      table('three'),
      closeByTheProse(7, 'over'),
    ])
  })

  it.each([
    ['a frame of a type that there is not', encodeFrame(5, EMPTY), 'ERR_PROTOCOL'],
    ['READY twice', encodeFrame(0, EMPTY), 'ERR_PROTOCOL'],
    ['a PING that is too long', encodeFrame(2, Buffer.alloc(65)), 'ERR_PROTOCOL'],
    ['a PONG that is too long', encodeFrame(3, Buffer.alloc(65)), 'ERR_PROTOCOL'],
    ['a CLOSE without a code', encodeFrame(4, Buffer.alloc(1)), 'ERR_PROTOCOL'],
    ['a CLOSE with a reason that is too long', encodeFrame(4, Buffer.alloc(258)), 'ERR_PROTOCOL'],
    ['a frame of nothing', Buffer.alloc(20), 'ERR_PROTOCOL'],
  ])('ends on %s', (_what, frame, code) => {
    const { server, client } = greeted(key)

    const words = fed(
      server,
      client.encodeText(Buffer.concat([tailOf(READY), Buffer.from(tableFrame('before')), frame])),
    )

    expect(words).toEqual(['standing', 'table before', `failed ${code}`])
    expect(server.isOver).toBe(true)
  })

  it.each([
    ['a TABLE', table('x')],
    ['a PING', { type: 'PING', payload: EMPTY } as const],
  ])('ends on %s before READY', (_what, frame) => {
    const { server, client } = greeted(key)
    expect(fed(server, client.encode(frame))).toEqual(['failed ERR_PROTOCOL'])
  })

  it('ends on a READY with a payload', () => {
    const { server, client } = greeted(key)
    expect(fed(server, client.encode({ type: 'READY', payload: Buffer.alloc(1) }))).toEqual(['failed ERR_PROTOCOL'])
  })

  it('takes a CLOSE in place of READY', () => {
    const { server, client } = greeted(key)
    expect(fed(server, client.encode(closeByTheProse(5, 'full')))).toEqual(['closed 5 full'])
  })

  it('takes frames of the limit, and ends with code 1 on the next larger one', () => {
    const { server, client } = greeted(key, 2_000)
    const of = (length: number): Buffer => Buffer.alloc(length - 1, 'x')

    expect(fed(server, client.encode(READY, { type: 'TABLE', payload: of(2_000) }))).toEqual([
      'standing',
      `table ${'x'.repeat(1_999)}`,
    ])
    transmitted(server)
    expect(fed(server, client.encode({ type: 'TABLE', payload: of(2_001) }))).toEqual(['failed ERR_MESSAGE_TOO_LARGE'])
    expect(server.isOver).toBe(true)
    expect(transmitted(server).length).toBeGreaterThan(0)
  })

  it('has an event for a CLOSE of every code, and none for what follows it', () => {
    const { server, client } = greeted(key)
    const bytes = client.encode(READY, closeByTheProse(65_535, 'why\x1b[2J not'), table('late'))
    expect(fed(server, bytes)).toEqual(['standing', 'closed 65535 why\uFFFD[2J not'])
    expect(transmitted(server)).toHaveLength(0)
  })

  it('says nothing more when it has heard CLOSE, not even what waited', () => {
    const { server, client } = greeted(key)
    fed(server, client.encode(READY))
    server.sendTable(tableFrame('never sent'))
    fed(server, client.encode(closeByTheProse(0)))
    expect(transmitted(server)).toHaveLength(0)
    expect(server.takenTables).toBe(0)
  })

  it('discards what arrives after its own CLOSE', () => {
    const { server, client } = greeted(key)
    fed(server, client.encode(READY))
    server.close(0, '')
    expect(fed(server, client.encode(table('late'), READY))).toEqual([])
  })

  it('stops reading while too many PONGs wait to be sent', () => {
    const { server, client } = greeted(key)
    fed(server, client.encode(READY))
    const pings = Array.from({ length: 20 }, () => ({ type: 'PING', payload: EMPTY }) as const)

    const before = fed(server, client.encode(...pings, table('behind them')))
    const isBlocked = server.isBlocked
    const pongs = transmitted(server)
    const after = fed(server, client.encode(table('next')))

    expect([before, isBlocked, server.hasUnread]).toEqual([[], true, false])
    expect(pongs.length).toBeGreaterThan(16 * 5 - 1)
    expect(after).toEqual(['table behind them', 'table next'])
  })

  it('counts the tables that it handed on, and their bytes', () => {
    const pair = new SessionPair(key).run()
    pair.client.sendTable(tableFrame('12345'))
    pair.client.sendTable(tableFrame('x'.repeat(30_000)))
    expect([pair.client.takenTables, pair.client.waitingBytes]).toEqual([0, 10 + 30_005])
    pair.run()
    expect([pair.client.takenTables, pair.client.takenBytes, pair.client.waitingBytes]).toEqual([2, 30_015, 0])
  })
})

describe('a Hello', () => {
  const good = { mode: 0, limit: LIMIT, publicKey: secretOf(9) }
  const helloWith = (at: number, byte: number): Buffer => {
    const hello = encodeHelloByTheProse(good)
    hello[at] = byte
    return hello
  }

  it.each([
    ['another beginning', helloWith(0, 0x56)],
    ['another version', helloWith(4, 2)],
    ['a mode that there is not', helloWith(5, 3)],
    ['the 6th byte set', helloWith(6, 1)],
    ['the 7th byte set', helloWith(7, 1)],
    ['the 12th byte set', helloWith(12, 1)],
    ['the 15th byte set', helloWith(15, 1)],
    ['a limit of 1,023', encodeHelloByTheProse({ ...good, limit: 1_023 })],
    ['a limit of 0', encodeHelloByTheProse({ ...good, limit: 0 })],
  ])('with %s ends the session', (_what, hello) => {
    for (const role of ['client', 'server'] as const) {
      expect(fed(makeSession(role, ''), hello)).toEqual(['failed ERR_PROTOCOL'])
    }
  })

  it('with a limit of 1,024 is good', () => {
    expect(fed(makeSession('server', ''), encodeHelloByTheProse({ ...good, limit: 1_024 }))).toEqual(['greeted'])
  })

  it('of a stranger is judged as soon as its bytes differ, and answered with nothing', () => {
    const server = makeSession('server', '')
    expect(fed(server, Buffer.from('UDX'))).toEqual(['failed ERR_PROTOCOL'])
    expect(transmitted(server)).toHaveLength(0)
    expect(fed(makeSession('server', ''), Buffer.from('G'))).toEqual(['failed ERR_PROTOCOL'])
    expect(fed(makeSession('server', ''), Buffer.from('UDP'))).toEqual([])
  })

  it.each([
    ['', KEY_128],
    [KEY_128, ''],
    [KEY_128, KEY_256],
    [KEY_256, ''],
  ])('of another mode is answered, and both sides know what differs', (clientKey, serverKey) => {
    const pair = new SessionPair(clientKey, serverKey).run()
    expect(pair.serverWords).toEqual(['failed ERR_ENCRYPTION_MISMATCH'])
    expect(pair.clientWords).toEqual(['failed ERR_ENCRYPTION_MISMATCH'])
    expect(pair.sent('server')).toHaveLength(48)
  })

  it.each([0, 1])('with a public key of small order (%i) ends the session', (first) => {
    const publicKey = Buffer.alloc(32)
    publicKey[0] = first
    const words = fed(makeSession('server', KEY_128), encodeHelloByTheProse({ mode: 1, limit: LIMIT, publicKey }))
    expect(words).toEqual(['failed ERR_PROTOCOL'])
  })
})

describe.each(modes.slice(1))('a sealed session %s', (_mode, key) => {
  it('says that the keys differ when the first record does not open, on both sides', () => {
    const other = `f${key.slice(1)}`.replace(/^0/, '1')
    const pair = new SessionPair(key, other).run()
    expect(pair.serverWords).toEqual(['greeted', 'failed ERR_KEY_MISMATCH'])
    expect(pair.clientWords).toEqual(['greeted', 'failed ERR_KEY_MISMATCH'])
  })

  it('ends on every bit that is flipped, and delivers nothing that was changed', () => {
    const pair = new SessionPair(key).run()
    pair.client.sendTable(tableFrame('a'))
    pair.run()
    pair.client.sendTable(tableFrame('b'))
    pair.run()
    const bytes = pair.sent('client')
    const allowed = ['greeted', 'standing', 'table a', 'table b']

    // A client's public key has a bit that means nothing (RFC 7748 §5), but Hello is bound to the keys as a whole.
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const flipped = Buffer.from(bytes)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const words = fed(makeSession('server', key), Buffer.concat([flipped, Buffer.alloc(70_000)]))
      const last = words.at(-1) ?? ''
      expect([bit, last]).toEqual([bit, expect.stringMatching(/^failed /)])
      expect(allowed.slice(0, words.length - 1)).toEqual(words.slice(0, -1))
    }
  })

  it.each([
    ['a record again', ([first, second]: Buffer[]) => [first, first, second]],
    ['records in another order', ([first, second, third]: Buffer[]) => [first, third, second]],
    ['a record less', ([first, , third]: Buffer[]) => [first, third]],
  ])('ends on %s', (_what, change) => {
    const { server, client } = greeted(key)
    const records = [client.encode(READY, table('1')), client.encode(table('2')), client.encode(table('3'))]

    const words = change(records).flatMap((record) => fed(server, record ?? EMPTY))

    expect(words.slice(0, 2)).toEqual(['standing', 'table 1'])
    expect(words[2]).toBe('failed ERR_SEAL')
  })

  it('ends on its own records, sent back to it', () => {
    const pair = new SessionPair(key).run()
    pair.server.sendTable(tableFrame('mine'))
    const words = fed(pair.server, transmitted(pair.server))
    expect(words).toEqual(['failed ERR_SEAL'])
  })

  it('ends on a record of another session between the same sides', () => {
    const [one, other] = [greeted(key), greeted(key)]
    const stranger = new ProseSide('client', key, LIMIT, secretOf(77))
    const server = makeSession('server', key)
    fed(server, stranger.hello)
    stranger.agree(transmitted(server).subarray(0, 48))

    fed(one.server, one.client.encode(READY))
    stranger.encode(READY)
    expect(fed(one.server, stranger.encode(table('spliced')))).toEqual(['failed ERR_SEAL'])
    expect(fed(other.server, new ProseSide('client', key, LIMIT, secretOf(1)).hello)).not.toContain('standing')
  })

  it('ends on a frame that goes beyond the end of its record', () => {
    const { server, client } = greeted(key)
    const text = Buffer.concat([tailOf(READY), Buffer.from(tableFrame('all of it'))])
    expect(fed(server, client.encodeText(text.subarray(0, -1)))).toEqual(['standing', 'failed ERR_PROTOCOL'])
    const again = greeted(key)
    fed(again.server, again.client.encode(READY))
    expect(fed(again.server, again.client.encodeText(Buffer.alloc(5, 0).subarray(0, 3)))).toEqual([
      'failed ERR_PROTOCOL',
    ])
  })

  it.each([0, 16, 20])('ends on a record of %i bytes, which is too short for a frame', (length) => {
    const { server } = greeted(key)
    const record = Buffer.alloc(4 + length)
    record.writeUInt32BE(length)
    expect(fed(server, record)).toEqual(['failed ERR_PROTOCOL'])
  })

  it('takes no first record above 64 KiB, whatever its limit, but later ones', () => {
    const limit = 300_000
    const { server, client } = greeted(key, limit)
    const header = Buffer.alloc(4)
    header.writeUInt32BE(65_553)
    expect(fed(server, header)).toEqual(['failed ERR_MESSAGE_TOO_LARGE'])

    const second = greeted(key, limit)
    expect(fed(second.server, second.client.encode(READY))).toEqual(['standing'])
    const words = fed(second.server, second.client.encode({ type: 'TABLE', payload: Buffer.alloc(limit - 1, 'x') }))
    expect(words).toEqual([`table ${'x'.repeat(limit - 1)}`])
    header.writeUInt32BE(limit + 4 + 16 + 1)
    expect(fed(second.server, header)).toEqual(['failed ERR_MESSAGE_TOO_LARGE'])
    expect(client.peerLimit).toBe(limit)
  })

  it('puts what is sent together in one record, up to 64 KiB, and a larger frame in one of its own', () => {
    const pair = new SessionPair(key, key, [200_000, 200_000]).run()
    for (let i = 0; i < 100; i += 1) pair.client.sendTable(tableFrame('0123456789'))
    expect(recordsIn(transmitted(pair.client))).toBe(1)
    for (let i = 0; i < 10; i += 1) pair.client.sendTable(tableFrame('x'.repeat(20_000)))
    expect(recordsIn(transmitted(pair.client))).toBe(4)
    pair.client.sendTable(tableFrame('small'))
    pair.client.sendTable(tableFrame('x'.repeat(100_000)))
    expect(recordsIn(transmitted(pair.client))).toBe(2)
  })

  it('changes its key after 2^24 records, and both sides agree on it', () => {
    const start = RECORDS_PER_KEY - 1
    const bytes = Uint8Array.from(Buffer.from(key, 'hex'))
    const sealer = new Sealer(sessionCrypto, bytes, start)
    const opener = new Opener(sessionCrypto, bytes, start)
    const stale = new Opener(sessionCrypto, bytes, 0)

    const records = [0, 1, 2].map((i) => {
      const record = new Uint8Array(4 + 5 + 16)
      sealer.seal(Uint8Array.of(0, 0, 0, 1, i), record, 0)
      return record
    })

    expect(records.map((record) => opener.open(record, 4, record.length)?.at(-1))).toEqual([0, 1, 2])
    expect(stale.open(records[1] ?? new Uint8Array(25), 4, 25)).toBeUndefined()
  })
})

function recordsIn(bytes: Buffer): number {
  let count = 0
  for (let at = 0; at < bytes.length; at += 4 + bytes.readUInt32BE(at)) count += 1
  return count
}

function tailOf({ payload }: ProseFrame): Buffer {
  return Buffer.from(encodeFrame(0, payload))
}
