// The server of tables: it sends back what it gets, and tells of whom it did not let in.

import * as network from 'udpipe/network'
import { hear, tell, type TableServerCommand } from './reports.ts'

hear((message) => void start(message as TableServerCommand))
tell({ type: 'ready' })

async function start({ cypherkey }: TableServerCommand): Promise<void> {
  const [server, result] = await network.Server('127.0.0.1', 0, cypherkey)
  if (server === null) throw new Error(result)
  tell({ type: 'listening', port: server.GetPort() })
  const connections = new Set<network.ClientConnection>()
  setInterval(() => {
    for (const event of network.PollEvents()) {
      if (event.Event === network.EVENT_CONNECT) connections.add(event.Object)
      else if (event.Event === network.EVENT_CLIENT_CLOSE) connections.delete(event.Object)
      else if (event.Event === network.EVENT_ERROR) tell({ type: 'error', why: event.Errors })
      else if (event.Event === network.EVENT_RECEIVE) server.Broadcast(event.Packet)
    }
  }, 16)
}
