import { milliseconds } from '../screen.ts'
import type { Chapter } from '../stage.ts'

const MESSAGES = 500

/** A client's process stands still for a while; what is sent to it meanwhile waits, and comes in order. */
export const frozen: Chapter = async ({ screen, server, ben }) => {
  await screen.chapter('A client is frozen', 'Ben’s process gets SIGSTOP, as a laptop that is shut.')
  const frozenAtMs = performance.now()
  ben.kill('SIGSTOP')
  const stalled = await server.until('stalled', { name: 'Ben', sinceMs: frozenAtMs })
  screen.event(stalled.atMs - frozenAtMs, 'the link stalls: onStalled')

  server.command({ type: 'send-series', to: 'Ben', length: MESSAGES })
  const queued = await server.until('queued', { name: 'Ben' })
  screen.event(queued.atMs - frozenAtMs, `the server sends Ben ${MESSAGES} messages; ${queued.messages} of them wait`)
  await screen.pause(600)

  const thawedAtMs = performance.now()
  ben.kill('SIGCONT')
  screen.event(thawedAtMs - frozenAtMs, 'Ben’s process gets SIGCONT')
  const unstalled = await server.until('unstalled', { name: 'Ben', sinceMs: thawedAtMs })
  screen.event(unstalled.atMs - frozenAtMs, 'the link is back: onUnstalled, and the queue goes out')
  const series = await ben.until('series')
  screen.event(
    series.atMs - frozenAtMs,
    `Ben has ${series.received} messages, ${series.isInOrder ? 'in order' : 'out of order'}`,
  )

  return [
    {
      claim: `messages to a frozen client that waited`,
      measured: `${queued.messages} of ${MESSAGES}`,
      isTrue: queued.messages === MESSAGES,
    },
    {
      claim: 'of these, delivered in order when it thawed',
      measured: `${series.received} after ${milliseconds(series.atMs - thawedAtMs)}`,
      isTrue: series.isInOrder && series.received === MESSAGES,
    },
  ]
}
