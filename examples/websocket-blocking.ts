// A script that talks to a WebSocket server from top to bottom, without a promise: each call blocks until it is done.
//
//   npx tsx -C @udpipe/source examples/websocket-echo.ts 8080
//   npx tsx -C @udpipe/source examples/websocket-blocking.ts ws://127.0.0.1:8080
//
// It needs the package `ws`.

import { client } from 'udpipe/websocket'

const [, , url = 'ws://127.0.0.1:8080'] = process.argv

const one = client.sync({ timeout: 2 })
const [ok, error] = one.connect(url, 'echo')
if (!ok) {
  console.log('could not connect', error)
  process.exit(1)
}
for (const question of ['who', 'what', 'where']) {
  one.send(question)
  const [message] = one.receive()
  console.log(`${question}: ${String(message)}`)
}
const [wasClean, code, reason] = one.close(4001, 'lost interest')
console.log(`closed: ${wasClean ? 'clean' : 'lost'}, ${code}, ${reason}`)
