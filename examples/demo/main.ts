// A demonstration that ends by itself: a server and three clients, each a process of its own, over loopback.
//
//   npm start
//
// It exits with 0 only when everything that it shows has really happened.

import { badLink } from './chapters/bad-link.ts'
import { conversation } from './chapters/conversation.ts'
import { farewell } from './chapters/farewell.ts'
import { frozen } from './chapters/frozen.ts'
import { handshake } from './chapters/handshake.ts'
import { killed } from './chapters/killed.ts'
import { tables } from './chapters/tables.ts'
import { websockets } from './chapters/websockets.ts'
import { milliseconds, Screen, type Finding } from './screen.ts'
import { Stage, type Chapter } from './stage.ts'

const chapters: readonly Chapter[] = [handshake, conversation, killed, frozen, badLink, tables, websockets, farewell]

/** Nothing here takes so long; a demonstration that does has failed. */
const LIMIT_MS = 90_000

const startMs = performance.now()
const screen = new Screen()
screen.title('udpipe: a server and three clients, each a process of its own, over loopback')
const stage = new Stage(screen)
process.on('exit', () => stage.clear())
process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))
setTimeout(() => fail(`not over after ${milliseconds(LIMIT_MS)}`), LIMIT_MS)

const findings: Finding[] = []
try {
  await stage.ready()
  screen.event(performance.now() - startMs, 'four processes are ready')
  for (const chapter of chapters) {
    const found = await chapter(stage)
    console.log()
    for (const finding of found) screen.finding(finding)
    findings.push(...found)
  }
  screen.summary(findings)
} catch (error) {
  fail((error as Error).message)
}
process.exit(findings.every(({ isTrue }) => isTrue) ? 0 : 1)

function fail(why: string): never {
  screen.failure(why)
  process.exit(1)
}
