import { client, type Client } from 'udpipe/websocket'
import { Actor } from '../actor.ts'
import type {
  BlockingClientCommand,
  BlockingClientReport,
  WebsocketServerCommand,
  WebsocketServerReport,
} from '../reports.ts'
import { milliseconds } from '../screen.ts'
import type { Chapter } from '../stage.ts'

const LISTENERS = 20
const QUESTIONS = 300

/** The sibling module: a server, clients that wait for promises, and one that blocks. */
export const websockets: Chapter = async (stage) => {
  const { screen } = stage
  await screen.chapter('WebSockets', 'udpipe/websocket: one server, clients with promises, and a script that blocks.')
  const server = stage.hire(new Actor<WebsocketServerCommand, WebsocketServerReport>('./websocket-server.ts', 'server'))
  const blocking = stage.hire(
    new Actor<BlockingClientCommand, BlockingClientReport>('./blocking-client.ts', 'the client that blocks'),
  )
  const startMs = performance.now()
  await server.until('ready')
  server.command({ type: 'start' })
  const url = `ws://127.0.0.1:${(await server.until('listening')).port}`

  const listeners = await Promise.all(Array.from({ length: LISTENERS }, () => connected(url)))
  server.command({ type: 'broadcast' })
  const heard = await Promise.all(listeners.map((one) => one.receive()))
  const reached = heard.filter(([message]) => message === 'to all of you').length
  screen.event(performance.now() - startMs, `${reached} clients hear what is broadcast`)

  await blocking.until('ready')
  blocking.command({ url, questions: QUESTIONS })
  const { answers, medianMs } = await blocking.until('asked')
  const ending = await server.until('echo-ended')
  screen.event(performance.now() - startMs, `a client that blocks has ${answers} answers, and says ${ending.code}`)
  blocking.kill('SIGTERM')

  server.command({ type: 'close' })
  const ends = await Promise.all(listeners.map((one) => one.receive()))
  const goneAway = ends.filter(([, , wasClean, code]) => wasClean === true && code === 1001).length
  screen.event(performance.now() - startMs, `the server closes; ${goneAway} clients were told 1001`)

  return [
    {
      claim: 'WebSockets: a broadcast, and a goodbye, to each client',
      measured: `${reached} and ${goneAway} of ${LISTENERS}`,
      isTrue: reached === LISTENERS && goneAway === LISTENERS,
    },
    {
      claim: `${QUESTIONS} questions of a client that blocks, median`,
      measured: milliseconds(medianMs),
      isTrue: answers === QUESTIONS && ending.wasClean && ending.code === 4001 && ending.reason === 'lost interest',
    },
  ]
}

async function connected(url: string): Promise<Client> {
  const one = client.copas({ timeout: 10 })
  const [ok, error] = await one.connect(url)
  if (!ok) throw new Error(`a client could not connect: ${error}`)
  return one
}
