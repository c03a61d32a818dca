import { createSocket, type Socket } from 'node:dgram'

/** HELLO and CONNECT are said again after this time, until they are answered. */
const REPEAT_MS = 200

/**
 * A client of the classic protocol, written from its text alone:
 *
 * ```
 * C→S   HELLO token          S→C  CONNECT IP PORT      or   GO AWAY!
 * C→SC  CONNECT              SC→C CONNECTED
 * either way: PING / PONG,   data (the raw datagram),   CLOSE / CLOSED
 * ```
 */
export class RawClient {
  readonly messages: string[] = []
  pongs = 0
  state: 'new' | 'dialing' | 'connecting' | 'connected' | 'refused' | 'closing' | 'closed' = 'new'
  readonly #socket: Socket = createSocket('udp4')
  #host = ''
  #port = NaN
  #repeat: NodeJS.Timeout | undefined

  constructor() {
    this.#socket.on('message', (bytes, { address, port }) => this.#handle(bytes.toString('latin1'), address, port))
  }

  /** Says HELLO to a front door. */
  connect(host: string, port: number, token = ''): void {
    this.#host = host
    this.#port = port
    this.state = 'dialing'
    this.#sayUntilAnswered(`HELLO ${token}`)
  }

  send(message: string): void {
    this.#say(message)
  }

  ping(): void {
    this.#say('PING')
  }

  close(): void {
    this.state = 'closing'
    this.#sayUntilAnswered('CLOSE')
  }

  /** Closes the socket, whatever the state is. */
  dispose(): void {
    clearInterval(this.#repeat)
    this.#socket.close()
  }

  #handle(text: string, address: string, port: number): void {
    if (address !== this.#host || port !== this.#port) return
    if (this.state === 'dialing') this.#handleAnswer(text)
    else if (text === 'CONNECTED') this.#enter('connected')
    else if (text === 'PING') this.#say('PONG')
    else if (text === 'PONG') this.pongs += 1
    else if (text === 'CLOSED') this.#enter('closed')
    else if (text === 'CLOSE') this.#handleClose()
    else this.messages.push(text)
  }

  #handleAnswer(text: string): void {
    const [word, host = '', port = ''] = text.split(' ')
    if (text === 'GO AWAY!') {
      this.#enter('refused')
    } else if (word === 'CONNECT') {
      if (host !== '0.0.0.0') this.#host = host
      this.#port = Number(port)
      this.#enter('connecting')
      this.#sayUntilAnswered('CONNECT')
    }
  }

  #handleClose(): void {
    this.#say('CLOSED')
    this.#enter('closed')
  }

  #enter(state: RawClient['state']): void {
    clearInterval(this.#repeat)
    this.state = state
  }

  #sayUntilAnswered(text: string): void {
    clearInterval(this.#repeat)
    this.#say(text)
    this.#repeat = setInterval(() => this.#say(text), REPEAT_MS)
  }

  #say(text: string): void {
    this.#socket.send(Buffer.from(text, 'latin1'), this.#port, this.#host)
  }
}
