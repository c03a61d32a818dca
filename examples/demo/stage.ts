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

  /** Ends every process, a frozen one too. */
  clear(): void {
    this.server.kill('SIGKILL')
    for (const client of this.clients) client.kill('SIGKILL')
  }
}
