// A client of tables: it sends a series of them, and looks whether they come back as they were.

import { inspect, isDeepStrictEqual } from 'node:util'
import * as network from 'udpipe/network'
import { hear, tell, type TableClientCommand } from './reports.ts'

hear((message) => void connect(message as TableClientCommand))
tell({ type: 'ready' })

async function connect({ port, cypherkey, tables }: TableClientCommand): Promise<void> {
  const [client, result] = await network.Client('127.0.0.1', port, cypherkey)
  if (client === null) throw new Error(result)
  const sent = Array.from({ length: tables }, (_, i) => tableOf(i))
  for (const table of sent) client.Send(table)
  tell({ type: 'sent', sample: inspect(sent[0], { breakLength: Infinity }) })

  const received: network.Table[] = []
  setInterval(() => {
    for (const event of network.PollEvents()) {
      if (event.Event === network.EVENT_CONNECTED && !event.Result) tell({ type: 'refused', why: event.Errors })
      else if (event.Event === network.EVENT_SERVER_CLOSE) tell({ type: 'closed', why: event.Errors })
      else if (event.Event === network.EVENT_RECEIVE) {
        received.push(event.Packet)
        if (received.length !== tables) continue
        tell({ type: 'echoed', tables: received.length, isInOrder: isDeepStrictEqual(received, sent) })
      }
    }
  }, 16)
}

function tableOf(i: number): network.Table {
  const items = new Map<network.TableKey, network.TableValue>([
    [i, 'sword'],
    ['gold', 10 * i],
  ])
  return { OpCode: 10, Data: `table ${i}`, pos: [i, 2.5, null], items }
}
