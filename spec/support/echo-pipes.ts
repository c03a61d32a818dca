import { UDPipe, type DisconnectInfo, type Peer, type UDPipeError } from 'udpipe'

/** A server that answers each message with `echo of` it, and keeps what happened. */
export class EchoServer extends UDPipe {
  readonly log: string[] = []
  readonly errors: UDPipeError[] = []

  override onConnect(peer: Peer): void {
    this.log.push(`${peer.id} connected`)
  }

  override onNewMessage(message: Buffer, peer: Peer): void {
    this.log.push(`${peer.id} said ${message.toString()}`)
    this.send(`echo of ${message.toString()}`, peer)
  }

  override onMigrated(peer: Peer): void {
    this.log.push(`${peer.id} moved to ${peer.address}:${peer.port}`)
  }

  override onDisconnect(peer: Peer, { timedOut }: DisconnectInfo): void {
    this.log.push(`${peer.id} ${timedOut ? 'timed out' : 'left'}`)
  }

  override onError(error: UDPipeError): void {
    this.errors.push(error)
  }
}

/** A client that keeps what happened. */
export class EchoClient extends UDPipe {
  readonly log: string[] = []
  readonly errors: UDPipeError[] = []

  /** Whether its connection stands. */
  get isConnected(): boolean {
    return !this.peers().next().done
  }

  override onConnect(): void {
    this.log.push('connected')
  }

  override onNewMessage(message: Buffer): void {
    this.log.push(message.toString())
  }

  override onStalled(): void {
    this.log.push('stalled')
  }

  override onUnstalled(): void {
    this.log.push('unstalled')
  }

  override onDisconnect(_peer: Peer, { timedOut }: DisconnectInfo): void {
    this.log.push(timedOut ? 'timed out' : 'disconnected')
  }

  override onError(error: UDPipeError): void {
    this.errors.push(error)
  }
}
