import { randomBytes } from 'node:crypto'
import { Actor } from '../actor.ts'
import type { TableClientCommand, TableClientReport, TableServerCommand, TableServerReport } from '../reports.ts'
import { milliseconds } from '../screen.ts'
import type { Chapter } from '../stage.ts'

const TABLES = 1_000

type ServerActor = Actor<TableServerCommand, TableServerReport>
type ClientActor = Actor<TableClientCommand, TableClientReport>

/** Tables over TCP with a key, somebody with another key, and a server that is killed. */
export const tables: Chapter = async (stage) => {
  const { screen } = stage
  await screen.chapter(
    'Tables to another process',
    'udpipe/network: encrypted tables over TCP, polled 60 times a second; then another key, and a kill.',
  )
  const server: ServerActor = stage.hire(new Actor('./table-server.ts', 'the server of tables'))
  const [client, stranger]: [ClientActor, ClientActor] = [
    stage.hire(new Actor('./table-client.ts', 'the client of tables')),
    stage.hire(new Actor('./table-client.ts', 'the stranger')),
  ]
  await Promise.all([server.until('ready'), client.until('ready'), stranger.until('ready')])
  const cypherkey = randomBytes(32).toString('hex')
  server.command({ type: 'start', cypherkey })
  const { port } = await server.until('listening')

  const startMs = performance.now()
  client.command({ type: 'connect', port, cypherkey, tables: TABLES })
  const { atMs: sentMs, sample } = await client.until('sent')
  screen.event(sentMs - startMs, `sent before there is a connection: ${sample}, …`)
  const echoed = await client.until('echoed')
  screen.event(echoed.atMs - startMs, `${echoed.tables.toLocaleString('en-US')} tables are back`)

  stranger.command({ type: 'connect', port, cypherkey: randomBytes(32).toString('hex'), tables: 1 })
  const refused = await stranger.until('refused')
  const error = await server.until('error')
  screen.event(Math.max(refused.atMs, error.atMs) - startMs, `the stranger, and the server, hear ${refused.why}`)

  const killedMs = performance.now()
  server.kill('SIGKILL')
  const closed = await client.until('closed')
  screen.event(closed.atMs - startMs, `the server is killed, and the client hears ${codeOf(closed.why)}`)
  for (const actor of [client, stranger]) actor.kill('SIGTERM')

  const codes = [codeOf(refused.why), codeOf(error.why)]
  return [
    {
      claim: 'encrypted tables, there and back in order',
      measured: `${echoed.tables.toLocaleString('en-US')} of ${TABLES.toLocaleString('en-US')}, ${milliseconds(echoed.atMs - startMs)}`,
      isTrue: echoed.tables === TABLES && echoed.isInOrder,
    },
    {
      claim: 'a client with another key',
      measured: `${codes[0] ?? ''}, on both sides`,
      isTrue: codes.every((code) => code === 'ERR_KEY_MISMATCH'),
    },
    {
      claim: 'a killed server is noticed by its client',
      measured: milliseconds(closed.atMs - killedMs),
      isTrue: codeOf(closed.why) === 'ERR_SOCKET',
    },
  ]
}

function codeOf(result: string): string {
  return result.split(':')[0] ?? ''
}
