// An echo of tables: a server that sends back what it gets, and a client that sends three tables.
//
//   npx tsx -C @udpipe/source examples/table-echo.ts serve [PORT] [CYPHERKEY]
//   npx tsx -C @udpipe/source examples/table-echo.ts connect PORT [CYPHERKEY]

import * as network from 'udpipe/network'

const [command, port, cypherkey] = process.argv.slice(2)
if (command === 'serve') await serve(Number(port ?? 4096))
else if (command === 'connect' && port !== undefined) await connect(Number(port))
else console.error('Usage: table-echo.ts serve [PORT] [CYPHERKEY] | table-echo.ts connect PORT [CYPHERKEY]')

async function serve(listenPort: number): Promise<void> {
  const [server, result] = await network.Server('127.0.0.1', listenPort, cypherkey)
  if (server === null) throw new Error(result)
  console.log(`Listening on port ${server.GetPort()}`)
  // A connection that nobody keeps is closed.
  const connections = new Set<network.ClientConnection>()
  setInterval(() => {
    for (const event of network.PollEvents()) {
      if (event.Event === network.EVENT_CONNECT) connections.add(event.Object)
      else if (event.Event === network.EVENT_CLIENT_CLOSE) connections.delete(event.Object)
      else if (event.Event === network.EVENT_RECEIVE && event.Server !== undefined) {
        server.Send(event.Packet, event.Object)
      } else if (event.Event === network.EVENT_ERROR) console.log(event.Errors)
    }
  }, 16)
}

async function connect(serverPort: number): Promise<void> {
  const [client, result] = await network.Client('127.0.0.1', serverPort, cypherkey)
  if (client === null) throw new Error(result)
  const tables: network.Table[] = [
    { OpCode: 10, Data: 'Hello' },
    ['a list', 2.5, null, Buffer.from('bytes')],
    new Map<network.TableKey, network.TableValue>([
      [1, 'one'],
      ['ten', 10],
    ]),
  ]
  // What is sent before there is a connection waits for it.
  for (const table of tables) client.Send(table)
  let echoes = 0
  const timer = setInterval(() => {
    for (const event of network.PollEvents()) {
      if (event.Event === network.EVENT_CONNECTED && !event.Result) console.log(event.Errors)
      if (event.Event === network.EVENT_RECEIVE) {
        console.log('Echo:', event.Packet)
        echoes += 1
        if (echoes === tables.length) client.Disconnect()
      }
      const isOver =
        event.Event === network.EVENT_CONNECTED ? !event.Result : event.Event === network.EVENT_SERVER_CLOSE
      if (isOver) clearInterval(timer)
    }
  }, 16)
}
