import { once } from 'node:events'
import { connect as dial, createServer, type AddressInfo, type Socket } from 'node:net'
import { ignoreMessage, type Adapter, type Connection } from './adapter.ts'
import { loadPeer } from './load.ts'

interface Channel {
  onOpen(listener: () => void): void
  onMessage(listener: (message: Buffer) => void): void
  sendMessageBinary(message: Buffer): boolean
  bufferedAmount(): number
  isOpen(): boolean
  close(): void
}

interface PeerConnection {
  onLocalDescription(listener: (sdp: string, type: string) => void): void
  onLocalCandidate(listener: (candidate: string, mid: string) => void): void
  onDataChannel(listener: (channel: Channel) => void): void
  setRemoteDescription(sdp: string, type: string): void
  addRemoteCandidate(candidate: string, mid: string): void
  createDataChannel(label: string): Channel
  close(): void
}

interface Peer {
  readonly PeerConnection: new (name: string, options: object) => PeerConnection
}

type Signal = { readonly sdp: string; readonly type: string } | { readonly candidate: string; readonly mid: string }

const { PeerConnection } = (await loadPeer('node-datachannel')) as unknown as Peer

class ChannelConnection implements Connection {
  onMessage: (message: Uint8Array) => void = ignoreMessage
  readonly #channel: Channel

  constructor(channel: Channel) {
    this.#channel = channel
    channel.onMessage((message) => this.onMessage(message))
  }

  get queuedBytes(): number {
    return this.#channel.bufferedAmount()
  }

  send(message: Buffer): boolean {
    if (!this.#channel.isOpen()) return false
    this.#channel.sendMessageBinary(message)
    return true
  }

  close(): void {
    this.#channel.close()
  }
}

/** WebRTC's data channels; the two ends find each other over a TCP connection that carries nothing else. */
export const datachannel: Adapter = {
  name: 'node-datachannel',

  async listen({ host, port }, onConnection) {
    const server = createServer((socket) => {
      const peer = createPeer(socket)
      peer.onDataChannel((channel) => onConnection(new ChannelConnection(channel)))
    })
    server.listen(port, host)
    await once(server, 'listening')
    return { port: (server.address() as AddressInfo).port, close: () => server.close() }
  },

  async connect({ host, port }) {
    const socket = dial({ host, port })
    await once(socket, 'connect')
    const channel = createPeer(socket).createDataChannel('bench')
    await new Promise<void>((resolve) => channel.onOpen(resolve))
    return new ChannelConnection(channel)
  },
}

function createPeer(socket: Socket): PeerConnection {
  const peer = new PeerConnection('bench', {
    iceServers: [],
    bindAddress: (socket.localAddress ?? '').replace('::ffff:', ''),
  })
  const say = (signal: Signal) => socket.write(`${JSON.stringify(signal)}\n`)
  peer.onLocalDescription((sdp, type) => say({ sdp, type }))
  peer.onLocalCandidate((candidate, mid) => say({ candidate, mid }))
  let rest = ''
  socket.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) hear(peer, JSON.parse(line) as Signal)
  })
  socket.on('error', () => {})
  return peer
}

function hear(peer: PeerConnection, signal: Signal): void {
  if ('sdp' in signal) peer.setRemoteDescription(signal.sdp, signal.type)
  else peer.addRemoteCandidate(signal.candidate, signal.mid)
}
