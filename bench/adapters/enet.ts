import { spawn, type ChildProcess } from 'node:child_process'
import { ignoreMessage, type Adapter, type Connection } from './adapter.ts'
import { buildProgram } from '../run/build-program.ts'

const program = buildProgram(
  'enet/enet-pipe.c',
  ['-lenet'],
  'ENet is not there: on Debian, apt-get install libenet-dev',
)

const HEADER_BYTES = 8
const PORT_BYTES = 4
const CONNECTED = 0xffff_ffff
const GONE = 0xffff_fffe
/** Records are gathered to writes of about this size. */
const WRITE_BYTES = 64 * 1024

/** The C program, and the records on its pipes. */
class EnetProcess {
  onConnected: (connection: EnetConnection) => void = ignoreMessage
  readonly port: Promise<number>
  readonly #child: ChildProcess
  readonly #connections = new Map<number, EnetConnection>()
  readonly #waiting: Buffer[] = []
  #waitingBytes = 0
  #isFlushRequested = false
  #rest: Buffer = Buffer.alloc(0)
  #resolvePort: ((port: number) => void) | undefined

  constructor(mode: 'listen' | 'connect', host: string, port: number) {
    this.#child = spawn(program, [mode, host, String(port)], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.port = new Promise((resolve) => {
      if (mode === 'listen') this.#resolvePort = resolve
      else resolve(port)
    })
    this.#child.stdout?.on('data', (chunk: Buffer) => this.#receive(chunk))
    this.#child.stdin?.on('error', () => {})
    process.once('exit', () => this.close())
  }

  get queuedBytes(): number {
    return this.#waitingBytes + (this.#child.stdin?.writableLength ?? 0)
  }

  send(peer: number, message: Uint8Array): void {
    const record = Buffer.allocUnsafe(HEADER_BYTES + message.length)
    record.writeUInt32LE(peer, 0)
    record.writeUInt32LE(message.length, 4)
    record.set(message, HEADER_BYTES)
    this.#waiting.push(record)
    this.#waitingBytes += record.length
    if (this.#waitingBytes >= WRITE_BYTES) this.#flush()
    if (this.#isFlushRequested) return
    this.#isFlushRequested = true
    queueMicrotask(() => {
      this.#isFlushRequested = false
      this.#flush()
    })
  }

  close(): void {
    this.#child.kill('SIGKILL')
  }

  #flush(): void {
    if (this.#waiting.length === 0) return
    this.#child.stdin?.write(Buffer.concat(this.#waiting))
    this.#waiting.length = 0
    this.#waitingBytes = 0
  }

  #receive(chunk: Buffer): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    if (this.#resolvePort !== undefined) {
      this.#resolvePort(bytes.readUInt32LE(0))
      this.#resolvePort = undefined
      bytes = bytes.subarray(PORT_BYTES)
    }
    let start = 0
    while (bytes.length - start >= HEADER_BYTES) {
      const peer = bytes.readUInt32LE(start)
      const length = bytes.readUInt32LE(start + 4)
      const hasNoMessage = length === CONNECTED || length === GONE
      const end = start + HEADER_BYTES + (hasNoMessage ? 0 : length)
      if (end > bytes.length) break
      if (length === CONNECTED) this.#connected(peer)
      else if (!hasNoMessage) this.#connections.get(peer)?.onMessage(bytes.subarray(start + HEADER_BYTES, end))
      start = end
    }
    this.#rest = bytes.subarray(start)
  }

  #connected(peer: number): void {
    const connection = new EnetConnection(this, peer)
    this.#connections.set(peer, connection)
    this.onConnected(connection)
  }
}

class EnetConnection implements Connection {
  onMessage: (message: Uint8Array) => void = ignoreMessage
  readonly #process: EnetProcess
  readonly #peer: number

  constructor(process: EnetProcess, peer: number) {
    this.#process = process
    this.#peer = peer
  }

  get queuedBytes(): number {
    return this.#process.queuedBytes
  }

  send(message: Buffer): boolean {
    this.#process.send(this.#peer, message)
    return true
  }

  close(): void {}
}

/** ENet in C, behind a pipe: what the pipe costs is in its figures. */
export const enet: Adapter = {
  name: 'ENet',

  async listen({ host, port }, onConnection) {
    const server = new EnetProcess('listen', host, port)
    server.onConnected = onConnection
    return { port: await server.port, close: () => server.close() }
  },

  async connect({ host, port }) {
    const client = new EnetProcess('connect', host, port)
    const connection = await new Promise<EnetConnection>((resolve) => (client.onConnected = resolve))
    connection.close = () => client.close()
    return connection
  },
}
