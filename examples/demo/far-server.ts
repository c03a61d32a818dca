// The server beyond the bad link: it notes when each message came.

import { UDPipe } from 'udpipe'
import { BadLink } from './bad-link.ts'
import { hear, tell, type FarServerCommand } from './reports.ts'
import { compared, machineMs, readStamp } from './stamp.ts'

class FarServer extends UDPipe {
  readonly arrivals = compared.map((delivery) => ({ delivery, numbers: [] as number[], latenciesMs: [] as number[] }))

  override onNewMessage(message: Buffer): void {
    const { delivery, number, sentAtMs } = readStamp(message)
    const arrivals = this.arrivals.find((entry) => entry.delivery === delivery)
    arrivals?.numbers.push(number)
    arrivals?.latenciesMs.push(machineMs() - sentAtMs)
  }
}

// The link reads in CONNECT which private port it has to stand for, so that one is not encrypted.
const server = new FarServer({ advertisedHost: BadLink.host, security: 'none' })

hear((message) => {
  const command = message as FarServerCommand
  if (command.type === 'start') void start()
  else tell({ type: 'arrivals', arrivals: server.arrivals })
})
tell({ type: 'ready' })

async function start(): Promise<void> {
  const { port } = await server.start(0, '127.0.0.1')
  tell({ type: 'listening', port })
  await server.run()
}
