// A chat of tables, for several terminals; with a cypherkey nobody else can read it.
//
//   npx tsx -C @udpipe/source examples/chat-tables.ts serve [PORT] [CYPHERKEY]
//   npx tsx -C @udpipe/source examples/chat-tables.ts join NAME PORT [CYPHERKEY]

import { createInterface } from 'node:readline'
import * as network from 'udpipe/network'

/** What the tables say: who has come or left, or said what. */
const op = { name: 1, say: 2, notice: 3 } as const

interface Words {
  readonly OpCode?: unknown
  readonly Data?: unknown
}

const [command, ...args] = process.argv.slice(2)
if (command === 'serve') await serve(...args)
else if (command === 'join' && args.length > 1) await join(...args)
else console.error('Usage: chat-tables.ts serve [PORT] [CYPHERKEY] | chat-tables.ts join NAME PORT [CYPHERKEY]')

async function serve(port = '4096', cypherkey = ''): Promise<void> {
  const [server, result] = await network.Server('127.0.0.1', Number(port), cypherkey)
  if (server === null) throw new Error(result)
  console.log(`* The room is open on port ${server.GetPort()}`)
  const guests = new Set<network.ClientConnection>()
  const tell = (OpCode: number, Data: string, except: network.ClientConnection): void => {
    console.log(Data)
    server.Send({ OpCode, Data }, ...[...guests].filter((guest) => guest !== except))
  }
  setInterval(() => {
    for (const event of network.PollEvents()) {
      if (event.Event === network.EVENT_CONNECT) guests.add(event.Object)
      else if (event.Event === network.EVENT_CLIENT_CLOSE) {
        guests.delete(event.Object)
        tell(op.notice, `* ${nameOf(event.Object)} has left`, event.Object)
      } else if (event.Event === network.EVENT_RECEIVE && event.Server !== undefined) {
        const { OpCode, Data } = event.Packet as Words
        if (OpCode === op.name) {
          event.Object.userData = printable(Data)
          tell(op.notice, `* ${nameOf(event.Object)} has come`, event.Object)
        } else if (OpCode === op.say) tell(op.say, `${nameOf(event.Object)}: ${printable(Data)}`, event.Object)
      } else if (event.Event === network.EVENT_ERROR) console.log(`* ${event.Errors}`)
    }
  }, 16)
  process.once('SIGINT', () => void server.Close().then(() => process.exit()))
}

async function join(name = 'somebody', port = '4096', cypherkey = ''): Promise<void> {
  const [client, result] = await network.Client('127.0.0.1', Number(port), cypherkey)
  if (client === null) throw new Error(result)
  client.Send({ OpCode: op.name, Data: name })
  const input = createInterface({ input: process.stdin })
  input.on('line', (line) => line !== '' && client.Send({ OpCode: op.say, Data: line }))
  input.on('close', () => client.Disconnect())
  const timer = setInterval(() => {
    for (const event of network.PollEvents()) {
      if (event.Event === network.EVENT_RECEIVE) console.log(printable((event.Packet as Words).Data))
      else if (event.Event === network.EVENT_CONNECTED && event.Result) console.log('* You are in')
      else {
        console.log(event.Event === network.EVENT_SERVER_CLOSE ? '* Goodbye' : `* ${event.Errors}`)
        if (event.Event === network.EVENT_ERROR) continue
        clearInterval(timer)
        input.close()
      }
    }
  }, 16)
}

function nameOf({ userData }: network.ClientConnection): string {
  return typeof userData === 'string' ? userData : 'somebody'
}

/** What others sent must not steer the terminal. */
function printable(text: unknown): string {
  return typeof text === 'string' ? text.replace(/\p{Cc}/gu, ' ') : '?'
}
