import { UDPipe, type UDPipeOptions } from 'udpipe'

/** A player of the game of {@link GameServer}. */
export class GameClient extends UDPipe {
  readonly name: string
  readonly chat: string[] = []
  /** Where everybody is, as far as this player has heard. */
  readonly places = new Map<string, number>()
  isConnected = false

  constructor(name: string, options: UDPipeOptions = {}) {
    super(options)
    this.name = name
  }

  /** Also after each time that the connection was lost: a server that has started anew knows nobody. */
  override onConnect(): void {
    this.isConnected = true
    this.send(`join ${this.name}`)
  }

  override onDisconnect(): void {
    this.isConnected = false
    this.places.clear()
  }

  override onNewMessage(message: Buffer): void {
    const [kind, ...words] = message.toString().split(' ')
    if (kind === 'chat') this.chat.push(words.join(' '))
    else this.#see(words)
  }

  /** What goes wrong while it dials is no news: it dials again. */
  override onError(): void {}

  /** Walks to the right (1), to the left (-1), or stands still (0). */
  walk(direction: number): void {
    this.send(`walk ${direction}`)
  }

  say(text: string): void {
    this.send(`say ${text}`)
  }

  #see(places: readonly string[]): void {
    this.places.clear()
    for (const place of places) {
      const [name = '', x] = place.split('=')
      this.places.set(name, Number(x))
    }
  }
}
