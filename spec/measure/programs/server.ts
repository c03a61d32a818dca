/** A server in a process of its own, which takes the time of what arrives, or sends it back. */
import { UDPipe, type MessageInfo, type Peer, type UDPipeOptions } from 'udpipe'
import { readSendTime, sharedMs, TIMED_CHANNEL } from '../send-time.ts'
import { MiB } from '../worlds.ts'

/** What a server is told. */
export type ServerCommand =
  /** Answered with its port. Without `hz` it steps on arrival and on its deadlines. */
  | {
      readonly do: 'start'
      readonly options: UDPipeOptions
      readonly isEchoing: boolean
      readonly hz: number | undefined
    }
  /** Answered with how long each message took since the last report, in milliseconds. */
  | { readonly do: 'report' }

class Server extends UDPipe {
  isEchoing = false
  times: number[] = []

  override onNewMessage(message: Buffer, peer: Peer, { channel }: MessageInfo): void {
    if (this.isEchoing) {
      peer.send(message)
      return
    }
    if (channel !== TIMED_CHANNEL) return
    this.times.push(sharedMs() - readSendTime(message))
    if (message.length >= MiB) peer.send('It is here.')
  }
}

const server = new Server()

process.on('message', (command: ServerCommand) => void obey(command))
process.on('disconnect', () => process.exit())

async function obey(command: ServerCommand): Promise<void> {
  if (command.do === 'report') {
    process.send?.(server.times)
    server.times = []
    return
  }
  server.isEchoing = command.isEchoing
  const { port } = await server.start(command.options)
  void server.run(command.hz)
  process.send?.(port)
}
