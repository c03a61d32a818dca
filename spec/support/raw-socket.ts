import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'

/** A datagram that a raw socket received; its bytes as Latin-1 text, one character for each. */
export interface RawDatagram {
  readonly text: string
  readonly port: number
}

/** A plain UDP socket on loopback, which knows no protocol. */
export class RawSocket {
  readonly received: RawDatagram[] = []
  readonly port: number
  readonly #socket: Socket
  readonly #host: string
  #isClosed = false

  constructor(socket: Socket, host: string) {
    this.#socket = socket
    this.#host = host
    this.port = socket.address().port
    socket.on('message', (bytes, { port }) => this.received.push({ text: bytes.toString('latin1'), port }))
  }

  /** What was received, as text. */
  get texts(): string[] {
    return this.received.map(({ text }) => text)
  }

  say(datagram: string | Uint8Array, port: number): void {
    this.#socket.send(typeof datagram === 'string' ? Buffer.from(datagram, 'latin1') : datagram, port, this.#host)
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#socket.close()
  }
}

/** Opens a raw socket for the test that runs. */
export async function openRawSocket(port = 0, host = '127.0.0.1'): Promise<RawSocket> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  socket.bind(port, host)
  await once(socket, 'listening')
  const raw = new RawSocket(socket, host)
  onTestFinished(() => raw.close())
  return raw
}

/** The port that a CONNECT names. */
export function portIn(connect: string | undefined): number {
  const port = /^CONNECT \S+ (\d+)$/.exec(connect ?? '')?.[1]
  if (port === undefined) throw new Error(`'${connect ?? 'nothing'}' is no CONNECT with a port.`)
  return Number(port)
}

/** A port of loopback that was free a moment ago. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  const socket = await openRawSocket(0, host)
  socket.close()
  return socket.port
}
