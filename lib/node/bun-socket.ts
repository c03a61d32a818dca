import type { AddressInfo } from 'node:net'
import type { RemoteInfo } from 'node:dgram'
import { socketTypeFor } from './host-spelling.ts'
import { toOpenError } from './socket-error.ts'
import type { DatagramSocket } from './datagram-socket.ts'

/** A socket of Bun's own; https://bun.sh/docs/api/udp. */
interface NativeSocket {
  readonly address: AddressInfo
  /** Returns `false` when the kernel did not take it, because its buffer is full. */
  send(bytes: Uint8Array, port: number, host: string): boolean
  close(): void
  ref(): void
  unref(): void
}

interface NativeHandlers {
  data(socket: NativeSocket, bytes: Buffer, port: number, host: string): void
  error(error: Error): void
}

/** What is used of Bun's global object. */
interface Bun {
  udpSocket(options: { hostname: string; port: number; socket: NativeHandlers }): Promise<NativeSocket>
  /** The value of a promise that is fulfilled already; otherwise the promise. */
  peek<Value>(promise: Promise<Value>): Value | Promise<Value>
}

const bun: Bun | undefined = (globalThis as { Bun?: Bun }).Bun

export const isBunHere: boolean = bun !== undefined

/**
 * Opens a socket under Bun, bound when this returns.
 *
 * Bun's `node:dgram` binds a socket only after `bind` returned, so that it has no address to name in CONNECT; the sockets below it are
 * bound at once.
 *
 * @throws UDPipeError `ERR_ADDRESS_IN_USE`, `ERR_ADDRESS_NOT_AVAILABLE`, `ERR_ACCESS`, `ERR_SOCKET`
 */
export function openBunSocket(host: string, port: number): DatagramSocket {
  const socket = new BunSocket()
  try {
    const opened = bun?.peek(bun.udpSocket({ hostname: host, port, socket: socket.handlers }))
    if (opened === undefined || opened instanceof Promise) {
      throw new Error('this version of Bun opens no UDP socket at once; Bun 1.4.5 does')
    }
    socket.attach(opened)
    return socket
  } catch (error) {
    throw toOpenError(error as NodeJS.ErrnoException, { host, port })
  }
}

/**
 * A socket of Bun's, as one of `node:dgram`. It cannot be connected by the kernel after it was bound, so that what comes from anybody else
 * is dropped here.
 */
class BunSocket implements DatagramSocket {
  readonly handlers: NativeHandlers = {
    data: (_socket, bytes, port, host) => {
      const { peer } = this
      if (peer !== undefined && (peer.port !== port || withoutZone(peer.address) !== withoutZone(host))) return
      this.#onMessage(bytes, { address: host, family: this.#family, port, size: bytes.length })
    },
    error: (error) => this.#onError(error),
  }
  peer: AddressInfo | undefined
  #socket: NativeSocket | undefined
  #family: RemoteInfo['family'] = 'IPv4'
  #onMessage: (bytes: Buffer, remote: RemoteInfo) => void = doNothing
  #onError: (error: Error) => void = doNothing

  attach(socket: NativeSocket): void {
    this.#socket = socket
    this.#family = familyOf(socket.address.address)
  }

  address(): AddressInfo {
    return this.#open.address
  }

  connect(port: number, host: string): void {
    this.peer = { address: host, port, family: this.#family }
  }

  disconnect(): void {
    this.peer = undefined
  }

  remoteAddress(): AddressInfo {
    if (this.peer === undefined) throw Object.assign(new Error('It is connected to nobody.'), { code: 'ENOTCONN' })
    return this.peer
  }

  send(bytes: Uint8Array, port: number, host: string, onSent: (error: Error | null) => void): void
  send(bytes: Uint8Array, onSent: (error: Error | null) => void): void
  send(
    bytes: Uint8Array,
    first: number | ((error: Error | null) => void),
    host = '',
    last: (error: Error | null) => void = doNothing,
  ): void {
    if (typeof first === 'number') this.#send(bytes, first, host, last)
    else this.#send(bytes, this.peer?.port ?? 0, this.peer?.address ?? '', first)
  }

  close(): void {
    this.#open.close()
  }

  ref(): void {
    this.#open.ref()
  }

  unref(): void {
    this.#open.unref()
  }

  /** Nothing waits: what the kernel does not take is a failed send. */
  getSendQueueCount(): number {
    return 0
  }

  on(event: 'message', listener: (bytes: Buffer, remote: RemoteInfo) => void): void
  on(event: 'error', listener: (error: Error) => void): void
  on(
    event: 'message' | 'error',
    listener: ((bytes: Buffer, remote: RemoteInfo) => void) | ((error: Error) => void),
  ): void {
    if (event === 'message') this.#onMessage = listener as (bytes: Buffer, remote: RemoteInfo) => void
    else this.#onError = listener as (error: Error) => void
  }

  #send(bytes: Uint8Array, port: number, host: string, onSent: (error: Error | null) => void): void {
    try {
      if (!this.#open.send(bytes, port, host))
        onSent(Object.assign(new Error('The kernel is busy.'), { code: 'EAGAIN' }))
    } catch (error) {
      onSent(error as Error)
    }
  }

  get #open(): NativeSocket {
    if (this.#socket === undefined) throw new Error('The socket is not open.')
    return this.#socket
  }
}

function familyOf(host: string): RemoteInfo['family'] {
  return socketTypeFor(host) === 'udp6' ? 'IPv6' : 'IPv4'
}

/** Of a link-local address systems name the interface, and not always the same way. */
function withoutZone(host: string): string {
  const end = host.indexOf('%')
  return end === -1 ? host : host.slice(0, end)
}

function doNothing(): void {
  // Nobody listens.
}
