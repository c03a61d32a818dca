import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'

/** A private port, and who is connected to it. */
interface AdmittedClient {
  readonly socket: Socket
  readonly port: number
  clientPort: number | undefined
}

/** A server of the classic protocol that echoes, written from its text alone, as `RawClient` is. */
export class RawServer {
  readonly messages: string[] = []
  readonly #frontDoor: Socket = createSocket('udp4')
  /** By the port that HELLO came from. */
  readonly #admitted = new Map<number, AdmittedClient>()
  readonly #token: string

  constructor(token = '') {
    this.#token = token
    this.#frontDoor.on('message', (bytes, { port }) => void this.#handleHello(bytes.toString('latin1'), port))
  }

  /** How many clients are connected. */
  get clients(): number {
    return [...this.#admitted.values()].filter(({ clientPort }) => clientPort !== undefined).length
  }

  /** Listens on any free port of loopback and returns it. */
  async start(): Promise<number> {
    this.#frontDoor.bind(0, '127.0.0.1')
    await once(this.#frontDoor, 'listening')
    return this.#frontDoor.address().port
  }

  /** Asks every client for a sign of life. */
  ping(): void {
    for (const admittedClient of this.#admitted.values()) this.#say('PING', admittedClient)
  }

  /** Says CLOSE to every client. */
  close(): void {
    for (const admittedClient of this.#admitted.values()) this.#say('CLOSE', admittedClient)
  }

  /** Closes every socket. */
  dispose(): void {
    this.#frontDoor.close()
    for (const { socket } of this.#admitted.values()) socket.close()
  }

  async #handleHello(text: string, port: number): Promise<void> {
    if (!text.startsWith('HELLO')) return
    if (text !== `HELLO ${this.#token}`) {
      this.#frontDoor.send('GO AWAY!', port, '127.0.0.1')
      return
    }
    const admittedClient = this.#admitted.get(port) ?? (await this.#open(port))
    this.#frontDoor.send(`CONNECT 127.0.0.1 ${admittedClient.port}`, port, '127.0.0.1')
  }

  async #open(helloPort: number): Promise<AdmittedClient> {
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const admittedClient: AdmittedClient = { socket, port: socket.address().port, clientPort: undefined }
    this.#admitted.set(helloPort, admittedClient)
    socket.on('message', (bytes, { port }) => {
      admittedClient.clientPort ??= port
      this.#handle(bytes.toString('latin1'), admittedClient, helloPort)
    })
    return admittedClient
  }

  #handle(text: string, admittedClient: AdmittedClient, helloPort: number): void {
    if (text === 'CONNECT') this.#say('CONNECTED', admittedClient)
    else if (text === 'PING') this.#say('PONG', admittedClient)
    else if (text === 'CLOSE') this.#say('CLOSED', admittedClient)
    else if (text !== 'PONG' && text !== 'CLOSED') this.#echo(text, admittedClient)
    if (text === 'CLOSE' || text === 'CLOSED') this.#admitted.delete(helloPort)
  }

  #echo(text: string, admittedClient: AdmittedClient): void {
    this.messages.push(text)
    this.#say(`echo of ${text}`, admittedClient)
  }

  #say(text: string, { socket, clientPort }: AdmittedClient): void {
    if (clientPort !== undefined) socket.send(Buffer.from(text, 'latin1'), clientPort, '127.0.0.1')
  }
}
