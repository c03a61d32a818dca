// A chat room. What one types, all the others read.
//
//   npx tsx -C @udpipe/source examples/chat.ts serve [PORT]
//   npx tsx -C @udpipe/source examples/chat.ts join NAME [PORT] [HOST]

import { createInterface } from 'node:readline'
import { UDPipe, type DisconnectInfo, type Peer } from 'udpipe'

/** A message is a line to all the others, or `/name NAME`. */
class Room extends UDPipe {
  override onNewMessage(message: Buffer, peer: Peer): void {
    const text = printable(message)
    if (text.startsWith('/name ')) this.welcome(text.slice('/name '.length), peer)
    else this.tell(`${nameOf(peer)}: ${text}`, peer)
  }

  override onDisconnect(peer: Peer, { timedOut }: DisconnectInfo): void {
    this.tell(`* ${nameOf(peer)} has ${timedOut ? 'vanished' : 'left'}`, peer)
  }

  welcome(name: string, peer: Peer): void {
    const others = [...this.peers()].filter((other) => other !== peer).map(nameOf)
    peer.userData = name
    this.tell(`* ${name} has come`, peer)
    peer.send(others.length === 0 ? '* You are the first here' : `* Here with you: ${others.join(', ')}`)
  }

  tell(line: string, except: Peer): void {
    console.log(line)
    this.sendAll(line, { except })
  }
}

class AdmittedClient extends UDPipe {
  name = 'somebody'

  override onNewMessage(message: Buffer): void {
    console.log(printable(message))
  }

  override onDisconnect(_peer: Peer, { willReconnect }: DisconnectInfo): void {
    console.log(willReconnect ? '* The room is gone; trying to find it again' : '* Goodbye')
    if (willReconnect) this.introduce()
  }

  /** What is sent before a connection stands goes out, in this order, as soon as it does. */
  introduce(): void {
    this.send(`/name ${this.name}`)
  }
}

const [command, ...args] = process.argv.slice(2)
if (command === 'serve') await serve(...args)
else if (command === 'join' && args.length > 0) await join(...args)
else console.error('Usage: chat.ts serve [PORT] | chat.ts join NAME [PORT] [HOST]')

async function serve(port = '1234'): Promise<void> {
  const room = new Room({ port: Number(port) })
  process.once('SIGINT', () => void room.close())
  console.log(`* The room is open on port ${(await room.start()).port}`)
  await room.run()
}

async function join(name = 'somebody', port = '1234', host = '127.0.0.1'): Promise<void> {
  const admittedClient = new AdmittedClient({ host, port: Number(port) })
  admittedClient.name = name
  void admittedClient.connect()
  admittedClient.introduce()
  const input = createInterface({ input: process.stdin })
  input.on('line', (line) => line !== '' && admittedClient.send(line))
  input.on('close', () => void admittedClient.close())
  await admittedClient.run()
  input.close()
}

function nameOf({ userData }: Peer): string {
  return typeof userData === 'string' ? userData : 'somebody'
}

function printable(message: Buffer): string {
  return message.toString().replace(/\p{Cc}/gu, ' ')
}
