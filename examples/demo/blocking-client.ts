// A client that blocks: it asks, and sleeps until the answer is there.

import { client } from 'udpipe/websocket'
import { hear, tell, type BlockingClientCommand } from './reports.ts'

hear((command) => ask(command as BlockingClientCommand))
tell({ type: 'ready' })

function ask({ url, questions }: BlockingClientCommand): void {
  const one = client.sync({ timeout: 10 })
  one.connect(url, 'echo')
  const timesMs: number[] = []
  for (let i = 0; i < questions; i += 1) {
    const startMs = performance.now()
    one.send(`question ${i}`)
    const [answer] = one.receive()
    if (answer === `question ${i}`) timesMs.push(performance.now() - startMs)
  }
  one.close(4001, 'lost interest')
  const medianMs = timesMs.sort((a, b) => a - b)[timesMs.length >> 1] ?? NaN
  tell({ type: 'asked', answers: timesMs.length, medianMs })
}
