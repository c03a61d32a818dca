import { milliseconds } from '../screen.ts'
import { liveness } from '../settings.ts'
import type { Chapter } from '../stage.ts'

/** A client's process ends without a word, and the server finds out. */
export const killed: Chapter = async ({ screen, server, cleo }) => {
  await screen.chapter('A client is killed', 'Cleo’s process gets SIGKILL and has no time for a goodbye.')
  const killedAtMs = performance.now()
  cleo.kill('SIGKILL')

  const stalled = await server.until('stalled', { name: 'Cleo', sinceMs: killedAtMs })
  screen.event(stalled.atMs - killedAtMs, 'the server has heard nothing from Cleo for a while: onStalled')
  const left = await server.until('left', { name: 'Cleo' })
  screen.event(left.atMs - killedAtMs, 'and gives her up: onDisconnect, timedOut')

  return [
    {
      claim: `a killed client is noticed (after ${milliseconds(liveness.timeoutMs)} of silence)`,
      measured: milliseconds(left.atMs - killedAtMs),
      isTrue: left.timedOut && (await cleo.ended) === 'SIGKILL',
    },
  ]
}
