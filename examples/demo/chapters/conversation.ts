import { milliseconds } from '../screen.ts'
import type { Chapter } from '../stage.ts'

const QUESTIONS = 300

/** Messages go both ways, to one and to all. */
export const conversation: Chapter = async ({ screen, server, ada, ben, cleo }) => {
  await screen.chapter('Messages, both ways', 'Ben and Cleo come, too. What Ada says, the server passes on to them.')
  const { port } = await server.until('listening')
  const listeners = [ben, cleo]
  for (const client of listeners) client.command({ type: 'connect', port, showsDatagrams: false })
  for (const { name } of listeners) await server.until('joined', { name })

  const startMs = performance.now()
  ada.command({ type: 'say', text: 'Good evening!' })
  const heard = await Promise.all(listeners.map((client) => client.until('heard')))
  for (const [i, { text, atMs }] of heard.entries())
    screen.event(atMs - startMs, `${listeners[i]?.name} hears “${text}”`)

  ada.command({ type: 'ask', times: QUESTIONS })
  const { answers, medianMs, slowestMs } = await ada.until('answered')
  screen.event(
    performance.now() - startMs,
    `Ada has asked the server ${QUESTIONS} questions, one after the other, and has ${answers} answers`,
  )

  return [
    {
      claim: 'one message to the server, passed on to two clients',
      measured: `${heard.length} heard it`,
      isTrue: heard.every(({ text }) => text === 'Ada: Good evening!'),
    },
    {
      claim: `${QUESTIONS} questions and answers, median / slowest`,
      measured: `${milliseconds(medianMs)} / ${milliseconds(slowestMs)}`,
      isTrue: answers === QUESTIONS,
    },
  ]
}
