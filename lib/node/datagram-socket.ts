import type { RemoteInfo, Socket } from 'node:dgram'

/** The part of a socket of `node:dgram` that a {@link UdpSocket} talks to, and that other runtimes have to stand in for. */
export interface DatagramSocket extends Pick<Socket, 'address' | 'remoteAddress' | 'disconnect'> {
  connect(port: number, host: string): void
  send(bytes: Uint8Array, port: number, host: string, onSent: (error: Error | null) => void): void
  send(bytes: Uint8Array, onSent: (error: Error | null) => void): void
  close(): void
  ref(): unknown
  unref(): unknown
  on(event: 'message', listener: (bytes: Buffer, remote: RemoteInfo) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  /** Deno does not say how many datagrams wait to be sent. */
  getSendQueueCount?(): number
  /** Bun does not let its sockets' buffers be set, nor seen. */
  getRecvBufferSize?(): number
  setRecvBufferSize?(bytes: number): void
}
