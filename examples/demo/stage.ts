import { Actor } from './actor.ts'
import type { ClientCommand, ClientReport, ServerCommand, ServerReport } from './reports.ts'
import type { Finding, Screen } from './screen.ts'

type ServerActor = Actor<ServerCommand, ServerReport>
type ClientActor = Actor<ClientCommand, ClientReport>

/** One part of the demonstration. Returns what it found. */
export type Chapter = (stage: Stage) => Promise<readonly Finding[]>

/** The processes that play, and the screen they are seen on. */
export class Stage {
  readonly screen: Screen
  readonly server: ServerActor = new Actor('./server.ts', 'the server')
  readonly ada: ClientActor = new Actor('./client.ts', 'Ada')
  readonly ben: ClientActor = new Actor('./client.ts', 'Ben')
  readonly cleo: ClientActor = new Actor('./client.ts', 'Cleo')

  readonly #hired: { kill(signal: NodeJS.Signals): void }[] = []

  constructor(screen: Screen) {
    this.screen = screen
  }

  get clients(): readonly ClientActor[] {
    return [this.ada, this.ben, this.cleo]
  }

  /** Resolves when every process runs and waits for its first command. */
  async ready(): Promise<void> {
    await Promise.all([this.server.until('ready'), ...this.clients.map((client) => client.until('ready'))])
  }

  /** Takes on another process, which ends with the others at the latest. */
  hire<Hired extends { kill(signal: NodeJS.Signals): void }>(hired: Hired): Hired {
    this.#hired.push(hired)
    return hired
  }

  /** Ends every process, a frozen one too. */
  clear(): void {
    this.server.kill('SIGKILL')
    for (const client of this.clients) client.kill('SIGKILL')
    for (const hired of this.#hired) hired.kill('SIGKILL')
  }
}
