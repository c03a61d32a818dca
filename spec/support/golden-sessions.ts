import { encodeTable, type Table } from 'udpipe/network'
import { KEY_128, KEY_256, secretOf, SessionPair, tableFrame } from './network-sessions.ts'

/** A session of which every byte is known, and what it was made from. Bytes are hexadecimal. */
export interface GoldenSession {
  readonly mode: number
  readonly cipherKey: string
  /** The private keys; in mode 0 what Hello has in their place. */
  readonly clientSecret: string
  readonly serverSecret: string
  readonly limit: number
  /** What each side sends in all: Hello, and what follows. */
  readonly client: string
  readonly server: string
  /** The frames of each side, by name, with their payloads. */
  readonly clientFrames: readonly (readonly [type: string, payload: string])[]
  readonly serverFrames: readonly (readonly [type: string, payload: string])[]
}

const LIMIT = 65_537

/** What the client sends in its first two turns, and the server in its one. */
const tables: readonly Table[] = [
  { OpCode: 10, Data: 'From client', pos: [1.5, -2, 300], id: 4_294_967_295 },
  [
    'é',
    null,
    true,
    -129,
    Buffer.from([0, 255]),
    2n ** 63n,
    new Map<number | string, string>([
      [1, 'one'],
      ['ten', 'zehn'],
    ]),
  ],
  { OpCode: 10, Data: 'From server', nested: { deep: [[], {}] } },
]

/** Plays the session in one of the modes. */
export function playGoldenSession(cipherKey: string): GoldenSession {
  const pair = new SessionPair(cipherKey, cipherKey, [LIMIT, LIMIT]).run()
  const [first, second, answer] = tables.map((table) => encodeTable(table))
  if (first === undefined || second === undefined || answer === undefined) throw new Error('a table is missing')
  pair.client.sendTable(tableFrame(first))
  pair.client.sendTable(tableFrame(second))
  pair.client.sendPing()
  pair.run()
  pair.server.sendTable(tableFrame(answer))
  pair.run()
  pair.client.close(0, 'bye, bye')
  pair.run()
  return {
    mode: cipherKey.length / 32,
    cipherKey,
    clientSecret: secretOf(1).toString('hex'),
    serverSecret: secretOf(2).toString('hex'),
    limit: LIMIT,
    client: pair.sent('client').toString('hex'),
    server: pair.sent('server').toString('hex'),
    clientFrames: [
      ['READY', ''],
      ['TABLE', first.toString('hex')],
      ['TABLE', second.toString('hex')],
      ['PING', ''],
      ['CLOSE', `0000${Buffer.from('bye, bye').toString('hex')}`],
    ],
    serverFrames: [
      ['READY', ''],
      ['PONG', ''],
      ['TABLE', answer.toString('hex')],
    ],
  }
}

export const goldenKeys = ['', KEY_128, KEY_256] as const
