import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { closePayload, encodeFrame, FrameReader, type FrameOptions, type RawFrame } from './raw-frames.ts'

/** The key of RFC 6455, 1.3. */
export const SAMPLE_KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** What `Sec-WebSocket-Accept` answers to a key. */
export function acceptOf(key: string): string {
  return createHash('sha1')
    .update(key + GUID)
    .digest('base64')
}

/** Header lines, in their order; `undefined` leaves one out. */
export type HeaderLines = Readonly<Record<string, string | undefined>>

/** One end of a WebSocket that is a plain TCP socket: it says what it is told to, whether that is right or wrong. */
export class RawPeer {
  readonly socket: Socket
  /** What the other end said first: a request, or an answer. */
  head = ''
  /** Resolves when the connection is gone. */
  readonly gone: Promise<void>
  readonly #isClient: boolean
  readonly #reader = new FrameReader()
  readonly #frames: RawFrame[] = []
  #unread = Buffer.alloc(0)
  #hasHead = false
  #wake: () => void = () => {}
  #isGone = false
  #hasEnded = false

  constructor(socket: Socket, isClient: boolean) {
    this.socket = socket
    this.#isClient = isClient
    socket.on('data', (chunk) => this.#receive(chunk))
    socket.on('error', () => {})
    this.gone = new Promise((resolve) => {
      socket.on('end', () => {
        this.#hasEnded = true
        this.#wake()
      })
      socket.on('close', () => {
        this.#isGone = true
        this.#wake()
        resolve()
      })
    })
  }

  /** Connects to a port and asks for an upgrade; what is undefined of the headers is left out. Resolves with the answer in {@link head}. */
  static async connect(port: number, headers: HeaderLines = {}, requestLine = 'GET / HTTP/1.1'): Promise<RawPeer> {
    const peer = await RawPeer.open(port)
    peer.request(headers, requestLine)
    await peer.untilHead()
    return peer
  }

  /** Connects to a port, and says nothing. */
  static async open(port: number, host = '127.0.0.1'): Promise<RawPeer> {
    const socket = connect({ port, host, allowHalfOpen: true })
    await once(socket, 'connect')
    return new RawPeer(socket, true)
  }

  get hasEnded(): boolean {
    return this.#hasEnded || this.#isGone
  }

  /** Asks for an upgrade, in one packet with what comes `behind` it. */
  request(headers: HeaderLines = {}, requestLine = 'GET / HTTP/1.1', behind: Uint8Array = Buffer.alloc(0)): void {
    const lines = {
      Host: '127.0.0.1',
      Upgrade: 'websocket',
      Connection: 'Upgrade',
      'Sec-WebSocket-Key': SAMPLE_KEY,
      'Sec-WebSocket-Version': '13',
      ...headers,
    }
    this.socket.write(Buffer.concat([Buffer.from(headOf(requestLine, lines)), behind]))
  }

  /** Answers an upgrade with 101, in one packet with what comes `behind` it. */
  answer(headers: HeaderLines = {}, behind: Uint8Array = Buffer.alloc(0), statusLine = SWITCHING): void {
    const key = /^sec-websocket-key: *(.*)$/im.exec(this.head)?.[1] ?? ''
    const lines = { Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Accept': acceptOf(key), ...headers }
    this.socket.write(Buffer.concat([Buffer.from(headOf(statusLine, lines)), behind]))
  }

  /** Resolves when the other end has said all that comes before frames. */
  async untilHead(): Promise<string> {
    await this.#until(() => this.#hasHead)
    return this.head
  }

  /** The bytes of a frame as this end sends it: masked by a client. */
  frame(opcode: number, payload: string | Uint8Array = '', options: FrameOptions = {}): Buffer {
    return encodeFrame(opcode, payload, { mask: this.#isClient && randomBytes(4), ...options })
  }

  send(opcode: number, payload: string | Uint8Array = '', options: FrameOptions = {}): void {
    this.socket.write(this.frame(opcode, payload, options))
  }

  sendClose(code?: number, reason: string | Uint8Array = ''): void {
    this.send(8, closePayload(code, reason))
  }

  /** The next frame that came; `undefined` when the connection ended before one did. */
  async next(): Promise<RawFrame | undefined> {
    await this.#until(() => this.#frames.length > 0 || this.hasEnded)
    return this.#frames.shift()
  }

  /** Frames until the connection ends. */
  async rest(): Promise<RawFrame[]> {
    const frames: RawFrame[] = []
    for (let frame = await this.next(); frame !== undefined; frame = await this.next()) frames.push(frame)
    return frames
  }

  /** How many frames came that nobody looked at. */
  get waiting(): number {
    return this.#frames.length
  }

  /** Takes the next close frame, whatever comes before it, and answers it the same. Returns what it said. */
  async answerClose(): Promise<{ code: number | undefined; reason: string }> {
    for (;;) {
      const frame = await this.next()
      if (frame === undefined) throw new Error('The connection ended without a close frame.')
      if (frame.opcode !== 8) continue
      this.send(8, frame.payload)
      this.socket.end()
      return readClose(frame)
    }
  }

  /** Cuts the connection with a reset. */
  reset(): void {
    this.socket.resetAndDestroy()
  }

  destroy(): void {
    this.socket.destroy()
  }

  #receive(chunk: Buffer): void {
    if (this.#hasHead) this.#frames.push(...this.#reader.push(chunk))
    else {
      this.#unread = Buffer.concat([this.#unread, chunk])
      const end = this.#unread.indexOf('\r\n\r\n')
      if (end === -1) return
      this.head = this.#unread.subarray(0, end + 4).toString('latin1')
      this.#hasHead = true
      const rest = this.#unread.subarray(end + 4)
      if (rest.length > 0) this.#frames.push(...this.#reader.push(rest))
    }
    this.#wake()
  }

  async #until(isMet: () => boolean): Promise<void> {
    while (!isMet()) {
      if (this.hasEnded && !this.#hasHead)
        throw new Error(`It ended before its head was complete: ${String(this.#unread)}`)
      if (this.#isGone) return
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}

const SWITCHING = 'HTTP/1.1 101 Switching Protocols'

/** A server that is a plain TCP server. */
export class RawServer {
  readonly #server: Server
  readonly #waiting: ((peer: RawPeer) => void)[] = []
  readonly #come: RawPeer[] = []
  readonly peers: RawPeer[] = []

  private constructor(server: Server) {
    this.#server = server
    server.on('connection', (socket) => {
      const peer = new RawPeer(socket, false)
      this.peers.push(peer)
      const next = this.#waiting.shift()
      if (next === undefined) this.#come.push(peer)
      else next(peer)
    })
  }

  static async listen(host = '127.0.0.1'): Promise<RawServer> {
    const server = createServer({ allowHalfOpen: true })
    server.listen(0, host)
    await once(server, 'listening')
    return new RawServer(server)
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** The next connection, which has said nothing yet. */
  next(): Promise<RawPeer> {
    const [peer] = this.#come.splice(0, 1)
    if (peer !== undefined) return Promise.resolve(peer)
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** The next connection, upgraded. */
  async accept(headers: HeaderLines = {}, behind: Uint8Array = Buffer.alloc(0)): Promise<RawPeer> {
    const peer = await this.next()
    await peer.untilHead()
    peer.answer(headers, behind)
    return peer
  }

  async close(): Promise<void> {
    for (const peer of this.peers) peer.destroy()
    const closed = once(this.#server, 'close')
    this.#server.close()
    await closed
  }
}

/** What a close frame says. */
export function readClose({ payload }: RawFrame): { code: number | undefined; reason: string } {
  if (payload.length < 2) return { code: undefined, reason: '' }
  return { code: payload.readUInt16BE(0), reason: payload.subarray(2).toString() }
}

function headOf(firstLine: string, headers: HeaderLines): string {
  const lines = Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]))
  return [firstLine, ...lines, '', ''].join('\r\n')
}
