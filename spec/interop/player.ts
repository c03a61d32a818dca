import { expect } from 'vitest'
import { openRawSocket, portIn, type RawDatagram, type RawSocket } from '../support/raw-socket.ts'
import { RecordingPipe } from '../support/recording-pipe.ts'
import type { Rig } from '../support/rig.ts'
import type { Line, Transcript } from './transcript.ts'

type Datagram = Line & { readonly type: 'datagram' }
type Direction = Line & { readonly type: 'direction' }

/** Plays a transcript: one side is the library, the other is the transcript itself, on raw sockets. */
export abstract class Player {
  protected readonly rig: Rig
  protected readonly pipe: Actor
  readonly #side: 'client' | 'server'
  /** How many of the messages that arrived the transcript has mentioned. */
  #heard = 0

  constructor(rig: Rig, side: 'client' | 'server') {
    this.rig = rig
    this.#side = side
    this.pipe = rig.add(new Actor(rig.options))
  }

  /** What the transcript’s side does. */
  protected abstract say(datagram: Datagram): Promise<void>
  /** Where the library’s next datagram arrives, and which it is. */
  protected abstract hear(datagram: Datagram): Promise<void>
  /** How many datagrams arrived that the transcript did not mention. */
  protected abstract countUnheard(): number
  protected abstract begin(): Promise<void>
  /** The library’s side does what the transcript says; whoever else it may be about is the transcript’s own side. */
  protected abstract act(what: string): void

  async play({ lines }: Transcript): Promise<void> {
    await this.begin()
    for (const line of lines) {
      if (line.type === 'direction') await this.#follow(line)
      else if ((line.from === 'C') === (this.#side === 'client')) await this.hear(line)
      else await this.say(line)
    }
    await this.rig.settle()
    expect(this.countUnheard()).toBe(0)
  }

  async #follow({ who, what, quoted }: Direction): Promise<void> {
    if (what === 'ms pass') await this.rig.pass(Number(who))
    else if (who !== this.#side && who !== 'both') return
    else if (what === 'have the token' || what === 'has the token') this.pipe.setToken(bytesOf(quoted).toString())
    else if (what === 'hears') await this.#expectMessage(bytesOf(quoted))
    else if (what === 'sends') this.pipe.send(bytesOf(quoted), this.#side === 'server' ? this.pipe.lastPeer : undefined)
    else if (what === 'is frozen') this.rig.freeze(this.pipe)
    else if (what === 'is back') this.rig.thaw(this.pipe)
    else this.act(what)
  }

  async #expectMessage(message: Buffer): Promise<void> {
    await this.rig.until(() => this.pipe.called('onNewMessage').length > this.#heard)
    expect(this.pipe.called('onNewMessage')[this.#heard]?.[0]).toEqual(message)
    this.#heard += 1
  }
}

/** The library is the client; the transcript is a server’s front door and its private ports. */
export class ClientPlayer extends Player {
  #frontDoor: RawSocket | undefined
  #privatePort: RawSocket | undefined
  /** Whether the next CONNECT names another private port. */
  #isPrivatePortNew = true
  #clientPort = NaN
  readonly #heard = new Map<RawSocket, number>()

  constructor(rig: Rig) {
    super(rig, 'client')
  }

  protected override async begin(): Promise<void> {
    this.#frontDoor = await openRawSocket()
  }

  protected override act(what: string): void {
    if (what === 'connects') void this.pipe.connect('127.0.0.1', this.#frontDoor?.port ?? NaN)
    else if (what === 'pings') this.pipe.ping()
    else if (what === 'closes') void this.pipe.close()
    else throw new Error(`The client cannot be told: ${what}`)
  }

  protected override async say({ from, text }: Datagram): Promise<void> {
    if (text.includes('{SC}') && this.#isPrivatePortNew) this.#privatePort = await openRawSocket()
    this.#isPrivatePortNew = text === 'CLOSE'
    const socket = from === 'S' ? this.#frontDoor : this.#privatePort
    socket?.say(text.replace('{SC}', String(this.#privatePort?.port)), this.#clientPort)
    await this.rig.settle()
  }

  protected override async hear({ to, text }: Datagram): Promise<void> {
    const socket = this.#socketOf(to)
    const index = this.#heard.get(socket) ?? 0
    this.#heard.set(socket, index + 1)
    await this.rig.until(() => socket.received.length > index)
    const datagram = socket.received[index]
    if (Number.isNaN(this.#clientPort)) this.#clientPort = datagram?.port ?? NaN
    expect(datagram).toEqual({ text, port: this.#clientPort })
  }

  protected override countUnheard(): number {
    return [...this.#heard].reduce((sum, [socket, count]) => sum + socket.received.length - count, 0)
  }

  #socketOf(to: string): RawSocket {
    const socket = to === 'S' ? this.#frontDoor : this.#privatePort
    if (socket === undefined) throw new Error('The transcript goes to a private port before it names one.')
    return socket
  }
}

/** The library is the server; the transcript is a client. */
export class ServerPlayer extends Player {
  #client: RawSocket | undefined
  #frontDoor = NaN
  #privatePort = NaN
  #heard = 0

  constructor(rig: Rig) {
    super(rig, 'server')
  }

  protected override async begin(): Promise<void> {
    this.#client = await openRawSocket()
  }

  protected override act(what: string): void {
    if (what === 'refuses everybody') this.pipe.refusesEverybody = true
    else if (what === 'pings') this.pipe.ping(this.pipe.lastPeer)
    else if (what === 'closes') void this.pipe.close(this.pipe.lastPeer)
    else if (what.startsWith('listens on ')) this.pipe.host = what.slice('listens on '.length)
    else throw new Error(`The server cannot be told: ${what}`)
  }

  protected override async say({ to, text }: Datagram): Promise<void> {
    if (Number.isNaN(this.#frontDoor)) this.#frontDoor = (await this.pipe.start(0, this.pipe.host)).port
    this.#client?.say(text, to === 'S' ? this.#frontDoor : this.#privatePort)
    await this.rig.settle()
  }

  protected override async hear({ from, text }: Datagram): Promise<void> {
    const { received } = this.#client ?? { received: [] as RawDatagram[] }
    await this.rig.until(() => received.length > this.#heard)
    const datagram = received[this.#heard]
    this.#heard += 1
    if (text.includes('{SC}')) this.#privatePort = portIn(datagram?.text)
    expect(datagram).toEqual({
      text: text.replace('{SC}', String(this.#privatePort)),
      port: from === 'S' ? this.#frontDoor : this.#privatePort,
    })
  }

  protected override countUnheard(): number {
    return (this.#client?.received.length ?? 0) - this.#heard
  }
}

/** The library’s side of a transcript. */
class Actor extends RecordingPipe {
  host = '127.0.0.1'
  refusesEverybody = false

  override onNewClient(...args: Parameters<RecordingPipe['onNewClient']>): boolean {
    super.onNewClient(...args)
    return !this.refusesEverybody
  }
}

function bytesOf(text = ''): Buffer {
  return Buffer.from(text, 'latin1')
}
