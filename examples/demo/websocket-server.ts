// The WebSocket server of the demonstration: it echoes to whoever speaks `echo`, and broadcasts to the others.

import { server, type Server } from 'udpipe/websocket'
import { hear, tell, type WebsocketServerCommand } from './reports.ts'

let listening: Server | undefined

hear((command) => void obey(command as WebsocketServerCommand))
tell({ type: 'ready' })

async function obey({ type }: WebsocketServerCommand): Promise<void> {
  if (type === 'start') await start()
  else if (type === 'broadcast') listening?.broadcast(undefined, 'to all of you')
  else {
    await listening?.close()
    process.exit()
  }
}

async function start(): Promise<void> {
  listening = await server.copas.listen({
    port: 0,
    interface: '127.0.0.1',
    protocols: {
      echo: async (ws) => {
        for await (const message of ws) await ws.send(message)
        const [wasClean = false, code = 0, reason = ''] = ws.closed ?? []
        tell({ type: 'echo-ended', wasClean, code, reason })
      },
    },
    default: () => {},
  })
  tell({ type: 'listening', port: listening.port })
}
