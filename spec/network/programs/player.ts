// A process with a server or a client, which says what happens to it, a line each.
//
//   player.ts server|client TRANSPORT PORT [JSON options]

import * as network from 'udpipe/network'

const [role, transport, port = '0', options = '{}'] = process.argv.slice(2)
const NAMES = ['', 'CONNECT', 'CONNECTED', 'RECEIVE', 'SERVER_CLOSE', 'CLIENT_CLOSE', 'ERROR'] as const
const settings = { transport, ...(JSON.parse(options) as object) } as network.ServerOptions & network.ClientOptions
const kept = new Set<network.ClientConnection>()

if (role === 'server') {
  const [server, result] = await network.Server('127.0.0.1', Number(port), '', settings)
  console.log(server === null ? result : `port ${server.GetPort()}`)
} else {
  const [client, result] = await network.Client('127.0.0.1', Number(port), '', settings)
  if (client === null) console.log(result)
  process.on('message', (table) => client?.Send(table as network.Table))
}

setInterval(() => {
  for (const event of network.PollEvents()) {
    if (event.Event === network.EVENT_CONNECT) kept.add(event.Object)
    const packet = event.Event === network.EVENT_RECEIVE ? ` ${JSON.stringify(event.Packet)}` : ''
    console.log(`${NAMES[event.Event]} ${event.Errors}${packet}`)
    if (event.Event === network.EVENT_RECEIVE && event.Server !== undefined) event.Server.Broadcast(event.Packet)
  }
}, 5)
