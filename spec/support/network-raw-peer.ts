import { once } from 'node:events'
import { connect, createServer, type Server as NetServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { closeByTheProse, ProseSide, type ProseFrame } from './network-prose.ts'
import { LIMIT, secretOf } from './network-sessions.ts'

const READY: ProseFrame = { type: 'READY', payload: Buffer.alloc(0) }

/** A client on a bare socket that keeps to the wire, or does not, as the spec wants it. */
export class RawClient {
  readonly socket: Socket
  readonly side: ProseSide
  readonly #received: Buffer[] = []
  #hasEnded = false

  constructor(port: number, key = '', limit = LIMIT) {
    this.side = new ProseSide('client', key, limit, secretOf(3))
    this.socket = connect({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: true })
    this.socket.on('data', (chunk) => this.#received.push(chunk))
    this.socket.on('end', () => (this.#hasEnded = true))
    this.socket.on('error', () => {})
    onTestFinished(() => void this.socket.destroy())
  }

  /** All that has arrived. */
  get bytes(): Buffer {
    return Buffer.concat(this.#received)
  }

  /** Whether the other side has ended its half. */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** Sends its Hello, waits for the server's, and is ready. */
  static async standing(port: number, key = ''): Promise<RawClient> {
    const client = new RawClient(port, key)
    await client.greet()
    client.socket.write(client.side.encode(READY))
    return client
  }

  async greet(): Promise<void> {
    this.socket.write(this.side.hello)
    while (this.bytes.length < 48) await once(this.socket, 'data')
    this.side.agree(this.bytes.subarray(0, 48))
  }

  /** The frames that came behind the server's Hello; only once, as records are opened once. */
  frames(): ProseFrame[] {
    return this.side.decode(this.bytes.subarray(48))
  }

  close(code = 0, reason = ''): void {
    this.socket.end(this.side.encode(closeByTheProse(code, reason)))
  }

  async ended(): Promise<void> {
    if (!this.#hasEnded && !this.socket.destroyed)
      await Promise.race([once(this.socket, 'end'), once(this.socket, 'close')])
  }
}

/** A server that does with each socket what it is told. */
export async function rawServer(handle: (socket: Socket) => void): Promise<{ port: number; server: NetServer }> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    handle(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as { port: number }).port, server }
}
