import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'

/** A private port, and who is connected to it. */
interface Guest {
  readonly socket: Socket
  readonly port: number
  clientPort: number | undefined
}

/** A server of the classic protocol that echoes, written from its text alone, as `RawClient` is. */
export class RawServer {
  readonly messages: string[] = []
  readonly #frontDoor: Socket = createSocket('udp4')
  /** By the port that HELLO came from. */
  readonly #guests = new Map<number, Guest>()
  readonly #token: string

  constructor(token = '') {
    this.#token = token
    this.#frontDoor.on('message', (bytes, { port }) => void this.#handleHello(bytes.toString('latin1'), port))
  }

  /** How many clients are connected. */
  get clients(): number {
    return [...this.#guests.values()].filter(({ clientPort }) => clientPort !== undefined).length
  }

  /** Listens on any free port of loopback and returns it. */
  async start(): Promise<number> {
    this.#frontDoor.bind(0, '127.0.0.1')
    await once(this.#frontDoor, 'listening')
    return this.#frontDoor.address().port
  }

  /** Asks every client for a sign of life. */
  ping(): void {
    for (const guest of this.#guests.values()) this.#say('PING', guest)
  }

  /** Says CLOSE to every client. */
  close(): void {
    for (const guest of this.#guests.values()) this.#say('CLOSE', guest)
  }

  /** Closes every socket. */
  dispose(): void {
    this.#frontDoor.close()
    for (const { socket } of this.#guests.values()) socket.close()
  }

  async #handleHello(text: string, port: number): Promise<void> {
    if (!text.startsWith('HELLO')) return
    if (text !== `HELLO ${this.#token}`) {
      this.#frontDoor.send('GO AWAY!', port, '127.0.0.1')
      return
    }
    const guest = this.#guests.get(port) ?? (await this.#open(port))
    this.#frontDoor.send(`CONNECT 127.0.0.1 ${guest.port}`, port, '127.0.0.1')
  }

  async #open(helloPort: number): Promise<Guest> {
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const guest: Guest = { socket, port: socket.address().port, clientPort: undefined }
    this.#guests.set(helloPort, guest)
    socket.on('message', (bytes, { port }) => {
      guest.clientPort ??= port
      this.#handle(bytes.toString('latin1'), guest, helloPort)
    })
    return guest
  }

  #handle(text: string, guest: Guest, helloPort: number): void {
    if (text === 'CONNECT') this.#say('CONNECTED', guest)
    else if (text === 'PING') this.#say('PONG', guest)
    else if (text === 'CLOSE') this.#say('CLOSED', guest)
    else if (text !== 'PONG' && text !== 'CLOSED') this.#echo(text, guest)
    if (text === 'CLOSE' || text === 'CLOSED') this.#guests.delete(helloPort)
  }

  #echo(text: string, guest: Guest): void {
    this.messages.push(text)
    this.#say(`echo of ${text}`, guest)
  }

  #say(text: string, { socket, clientPort }: Guest): void {
    if (clientPort !== undefined) socket.send(Buffer.from(text, 'latin1'), clientPort, '127.0.0.1')
  }
}
