import { execFileSync } from 'node:child_process'
import { createHmac, randomFillSync, timingSafeEqual } from 'node:crypto'
import { ignoreMessage, type Adapter, type Connection } from './adapter.ts'
import { Frames } from './frames.ts'
import { loadPeer } from './load.ts'

interface QuicStream {
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<Uint8Array>
}

interface QuicConnection extends EventTarget {
  newStream(): QuicStream
}

interface QuicServer extends EventTarget {
  readonly port: number
  start(options: object): Promise<void>
  stop(options: object): Promise<void>
}

interface Peer {
  readonly QUICServer: new (options: object) => QuicServer
  readonly QUICClient: {
    createQUICClient(options: object): Promise<{ readonly connection: QuicConnection }>
  }
  readonly events: Record<'EventQUICServerConnection' | 'EventQUICConnectionStream', { readonly name: string }>
}

interface LoggerModule {
  readonly default: new (name: string, level: number) => object
  readonly LogLevel: { readonly SILENT: number }
}

const { QUICServer, QUICClient, events } = (await loadPeer('@matrixai/quic')) as unknown as Peer

const { default: Logger, LogLevel } = (await loadPeer('@matrixai/logger')) as unknown as LoggerModule
/** It says much otherwise. */
const logger = new Logger('quic', LogLevel.SILENT)

const MAX_IDLE_MS = 30_000

class QuicStreamConnection implements Connection {
  onMessage: (message: Uint8Array) => void = ignoreMessage
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>
  readonly #frames: Frames
  queuedBytes = 0

  constructor(stream: QuicStream) {
    this.#writer = stream.writable.getWriter()
    this.#frames = new Frames(
      (chunk) => this.#write(chunk),
      (message) => this.onMessage(message),
    )
    void this.#read(stream.readable)
  }

  send(message: Buffer): boolean {
    this.#frames.send(message)
    return true
  }

  close(): void {
    this.#writer.abort().catch(() => {})
  }

  #write(chunk: Buffer): void {
    this.queuedBytes += chunk.length
    this.#writer.write(chunk).then(
      () => (this.queuedBytes -= chunk.length),
      () => {},
    )
  }

  async #read(readable: ReadableStream<Uint8Array>): Promise<void> {
    try {
      for await (const chunk of readable) this.#frames.receive(chunk)
    } catch {
      // The other end is gone, as at the end of every measurement.
    }
  }
}

/** QUIC by Cloudflare's quiche: one stream a connection, encrypted. */
export const quic: Adapter = {
  name: '@matrixai/quic',

  async listen({ host, port }, onConnection) {
    const { key, certificate } = createIdentity()
    const server = new QUICServer({
      logger,
      crypto: { key: new Uint8Array(32).fill(7).buffer, ops: serverOps() },
      config: { key, cert: certificate, verifyPeer: false, maxIdleTimeout: MAX_IDLE_MS },
    })
    server.addEventListener(events.EventQUICServerConnection.name, (opened) => {
      const connection = detail(opened) as QuicConnection
      connection.addEventListener(events.EventQUICConnectionStream.name, (begun) =>
        onConnection(new QuicStreamConnection(detail(begun) as QuicStream)),
      )
    })
    await server.start({ host, port })
    return { port: server.port, close: () => void server.stop({ isApp: true, force: true }).catch(() => {}) }
  },

  async connect({ host, port }) {
    const client = await QUICClient.createQUICClient({
      logger,
      host,
      port,
      localHost: '0.0.0.0',
      crypto: { ops: { randomBytes: fillRandomly } },
      config: { verifyPeer: false, maxIdleTimeout: MAX_IDLE_MS },
    })
    return new QuicStreamConnection(client.connection.newStream())
  },
}

function detail(event: Event): unknown {
  return (event as unknown as { readonly detail: unknown }).detail
}

function fillRandomly(bytes: ArrayBuffer): Promise<void> {
  randomFillSync(new Uint8Array(bytes))
  return Promise.resolve()
}

/** What QUIC's tokens for its stateless retry are signed with. */
function serverOps(): object {
  const mac = (key: ArrayBuffer, data: ArrayBuffer) =>
    createHmac('sha256', new Uint8Array(key)).update(new Uint8Array(data)).digest()
  return {
    sign: (key: ArrayBuffer, data: ArrayBuffer) => {
      const digest = mac(key, data)
      return Promise.resolve(digest.buffer.slice(digest.byteOffset, digest.byteOffset + digest.byteLength))
    },
    verify: (key: ArrayBuffer, data: ArrayBuffer, signature: ArrayBuffer) =>
      Promise.resolve(signature.byteLength === 32 && timingSafeEqual(mac(key, data), new Uint8Array(signature))),
  }
}

/** A certificate of the moment: Node makes keys, but no certificates. */
function createIdentity(): { readonly key: string; readonly certificate: string } {
  const subject = ['-subj', '/CN=localhost', '-days', '2', '-nodes', '-keyout', '-', '-out', '-']
  const pem = execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', ...subject],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  )
  const at = pem.indexOf('-----BEGIN CERTIFICATE-----')
  return { key: pem.slice(0, at), certificate: pem.slice(at) }
}
