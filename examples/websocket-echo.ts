// An echo over WebSockets: a server with two protocols and a default, and a client that speaks to each of them.
//
//   npx tsx -C @udpipe/source examples/websocket-echo.ts
//
// It needs the package `ws`. With a port as argument, the server goes on serving there.

import { client, server, TEXT, type ServerClient } from 'udpipe/websocket'

const [, , port = '0'] = process.argv

const listening = await server.copas.listen({
  port: Number(port),
  interface: '127.0.0.1',
  protocols: {
    echo: (ws) => answer(ws, (text) => text),
    'echo-uppercase': (ws) => answer(ws, (text) => text.toUpperCase()),
  },
  default: async (ws) => {
    await ws.send('goodbye strange client')
    await ws.close()
  },
})
console.log(`Listening on 127.0.0.1:${listening.port}`)

for (const protocol of ['echo', 'echo-uppercase', 'unknown']) {
  const one = client.copas({ timeout: 2 })
  const [ok, error] = await one.connect(`ws://127.0.0.1:${listening.port}`, protocol)
  if (!ok) {
    console.log('could not connect', error)
    continue
  }
  await one.send('hello')
  const [message] = await one.receive()
  console.log(`${protocol}: ${String(message)}`)
  await one.close(1000, 'enough')
}
if (process.argv.length < 3) await listening.close()

async function answer(ws: ServerClient, change: (text: string) => string): Promise<void> {
  for (;;) {
    const [message, opcode] = await ws.receive()
    if (message === undefined) return
    await ws.send(opcode === TEXT ? change(message) : message)
  }
}
