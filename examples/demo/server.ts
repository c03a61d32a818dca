// The server's process: it serves a little, and tells the director what its callbacks were told.

import { UDPipe, type DisconnectInfo, type Peer } from 'udpipe'
import { hear, tell, type ServerCommand } from './reports.ts'
import { liveness } from './settings.ts'

class Server extends UDPipe {
  override onNewMessage(message: Buffer, peer: Peer): void {
    const text = message.toString()
    if (text.startsWith('question ')) peer.send(text.replace('question', 'answer'))
    else if (text.startsWith('name ')) this.#join(text.slice('name '.length), peer)
    else this.sendAll(`${nameOf(peer)}: ${text}`, { except: peer })
  }

  override onStalled(peer: Peer): void {
    tell({ type: 'stalled', name: nameOf(peer) })
  }

  override onUnstalled(peer: Peer): void {
    tell({ type: 'unstalled', name: nameOf(peer) })
  }

  override onDisconnect(peer: Peer, { timedOut }: DisconnectInfo): void {
    tell({ type: 'left', name: nameOf(peer), timedOut })
  }

  sendSeries(to: string, length: number): void {
    for (const peer of this.peers()) {
      if (nameOf(peer) !== to) continue
      for (let i = 0; i < length; i += 1) peer.send(`series ${i} ${length}`)
      tell({ type: 'queued', name: to, messages: peer.stats.queuedMessages })
    }
  }

  #join(name: string, peer: Peer): void {
    peer.userData = name
    tell({ type: 'joined', name })
  }
}

const server = new Server(liveness)

hear((message) => {
  const command = message as ServerCommand
  if (command.type === 'start') void start()
  else if (command.type === 'send-series') server.sendSeries(command.to, command.length)
  else void close()
})
tell({ type: 'ready' })

async function start(): Promise<void> {
  const { port } = await server.start(0, '127.0.0.1')
  tell({ type: 'listening', port })
  await server.run()
}

async function close(): Promise<void> {
  await server.close()
  tell({ type: 'closed', sentPackets: server.getSentPackets(), receivedPackets: server.getReceivedPackets() })
  process.disconnect()
}

function nameOf({ userData }: Peer): string {
  return typeof userData === 'string' ? userData : 'somebody'
}
