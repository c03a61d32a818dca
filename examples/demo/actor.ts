import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** How long anything may take that the director waits for. */
const PATIENCE_MS = 30_000

/** A report, and when it came. */
type Received<Report> = Report & { readonly atMs: number }

/** A process of the demonstration. */
export class Actor<Command extends object, Report extends { readonly type: string }> {
  readonly name: string
  /** Resolves with how it ended: its exit code, or the signal. */
  readonly ended: Promise<number | string>
  readonly #process: ChildProcess
  readonly #reports: Received<Report>[] = []
  /** Hears every report as it comes. */
  onReport: (report: Report) => void = () => {}

  constructor(file: string, name: string) {
    this.name = name
    this.#process = fork(new URL(file, import.meta.url), [name])
    this.ended = once(this.#process, 'exit').then(([code, signal]) => (code ?? signal) as number | string)
    this.#process.on('message', (report) => {
      this.#reports.push({ ...(report as Report), atMs: performance.now() })
      this.onReport(report as Report)
    })
  }

  command(command: Command): void {
    this.#process.send(command)
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  /**
   * Waits for a report of this type, about `name` where that is given, that came after `sinceMs`.
   *
   * @throws Error when it does not come in time
   */
  async until<Type extends Report['type']>(
    type: Type,
    { name, sinceMs = 0 }: { readonly name?: string; readonly sinceMs?: number } = {},
  ): Promise<Received<Extract<Report, { readonly type: Type }>>> {
    const signal = AbortSignal.timeout(PATIENCE_MS)
    const isIt = (report: Received<Report>): boolean =>
      report.type === type &&
      report.atMs >= sinceMs &&
      (name === undefined || ('name' in report && report.name === name))
    for (;;) {
      const found = this.#reports.find(isIt)
      if (found !== undefined) return found as Received<Extract<Report, { readonly type: Type }>>
      await once(this.#process, 'message', { signal }).catch((cause: unknown) => {
        throw new Error(`${this.name} did not report '${type}'${name === undefined ? '' : ` about ${name}`}`, { cause })
      })
    }
  }
}
