import { setImmediate as turn } from 'node:timers/promises'
import { UDPipe, type Peer, type UDPipeError, type UDPipeOptions } from 'udpipe'
import { World } from 'udpipe/simulator'

type Hooks = Partial<
  Pick<UDPipe, 'onNewClient' | 'onConnect' | 'onDisconnect' | 'onNewMessage' | 'onUndelivered' | 'onRateLimited'>
>

/** A program on virtual time that says in a line each what it is told. */
export class Player extends UDPipe {
  readonly log: string[] = []
  readonly errors: UDPipeError[] = []
  /** Who connected, in order. */
  readonly peersSeen: Peer[] = []
  readonly #hooks: Hooks

  constructor(options: UDPipeOptions = {}, hooks: Hooks = {}) {
    super(options)
    this.#hooks = hooks
  }

  override onNewClient(...args: Parameters<UDPipe['onNewClient']>): ReturnType<UDPipe['onNewClient']> {
    this.log.push(`new client ${args[0].toString()}`.trim())
    return this.#hooks.onNewClient?.apply(this, args)
  }

  override onConnect(...args: Parameters<UDPipe['onConnect']>): void {
    this.log.push(args[3].isResumed ? 'resumed' : 'connected')
    this.peersSeen.push(args[0])
    this.#hooks.onConnect?.apply(this, args)
  }

  override onDisconnect(...args: Parameters<UDPipe['onDisconnect']>): void {
    const [, { code, reason, willReconnect }] = args
    this.log.push(`disconnected ${code} ${reason}${willReconnect ? ', dials again' : ''}`)
    this.#hooks.onDisconnect?.apply(this, args)
  }

  override onNewMessage(...args: Parameters<UDPipe['onNewMessage']>): void {
    this.log.push(args[0].toString())
    this.#hooks.onNewMessage?.apply(this, args)
  }

  override onUndelivered(...args: Parameters<UDPipe['onUndelivered']>): void {
    for (const { message } of args[0]) this.log.push(`undelivered ${Buffer.from(message).toString()}`)
    this.#hooks.onUndelivered?.apply(this, args)
  }

  override onError(error: UDPipeError): void {
    this.log.push(error.code)
    this.errors.push(error)
  }

  /** How often a line was said. */
  count(line: string): number {
    return this.log.filter((said) => said === line).length
  }
}

/** A world with one server on port 1234. */
export class Lobby extends World {
  readonly server: Player

  constructor(server: Player) {
    super({ seed: 14, link: { delayMs: 20 } })
    this.server = this.start(server, 1234)
  }

  join(client: Player): Player {
    return this.connect(client, 1234)
  }

  /** Kills the server without a word, and starts another one in its place. */
  replaceServer(server: Player): Player {
    this.crash(this.server)
    return this.start(server, 1234)
  }

  /** Lets time pass, and promises settle in it. */
  async pass(durationMs: number): Promise<void> {
    for (let left = durationMs; left > 0; left -= 100) {
      this.run(Math.min(100, left))
      await turn()
    }
  }
}
