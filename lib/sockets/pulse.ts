import type { Heartbeat } from './heartbeat.ts'

/** What a {@link Pulse} asks, and tells. */
interface Patient {
  /** Bytes that came over the wire: a frame that takes its time is life as well. */
  readonly bytesRead: number
  ping(): Promise<unknown>
  handleSilence(): void
}

/** A {@link Heartbeat} on the clock of this process. */
export class Pulse {
  readonly #heartbeat: Heartbeat
  readonly #patient: Patient
  #timer: NodeJS.Timeout | undefined
  #bytesRead: number
  /** Whether a frame came since the last look. */
  #hasLife = false
  #isStopped = false

  constructor(heartbeat: Heartbeat, patient: Patient) {
    this.#heartbeat = heartbeat
    this.#patient = patient
    this.#bytesRead = patient.bytesRead
    this.#arm(performance.now())
  }

  /** A frame came. */
  handleLife(): void {
    this.#hasLife = true
    this.#heartbeat.handleLife(performance.now())
  }

  handlePause(): void {
    this.#heartbeat.handlePause()
    clearTimeout(this.#timer)
  }

  handleResume(): void {
    const now = performance.now()
    this.#heartbeat.handleResume(now)
    this.#arm(now)
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  #arm(now: number): void {
    clearTimeout(this.#timer)
    const { deadline } = this.#heartbeat
    if (this.#isStopped || deadline === Infinity) return
    // The socket holds the process, where it is to be held; this does not.
    this.#timer = setTimeout(this.#look, Math.max(1, deadline - now)).unref()
  }

  readonly #look = (): void => {
    const now = performance.now()
    this.#noteBytes(now)
    const action = this.#heartbeat.poll(now)
    if (action === 'ping') void this.#patient.ping()
    // When our own loop was late, what came meanwhile is read between now and then.
    if (action === 'dead') setImmediate(this.#confirm)
    else this.#arm(now)
  }

  readonly #confirm = (): void => {
    if (this.#isStopped) return
    const now = performance.now()
    this.#noteBytes(now)
    if (this.#heartbeat.poll(now) === 'dead') this.#patient.handleSilence()
    else this.#arm(now)
  }

  #noteBytes(now: number): void {
    const { bytesRead } = this.#patient
    if (!this.#hasLife && bytesRead !== this.#bytesRead) this.#heartbeat.handleLife(now)
    this.#bytesRead = bytesRead
    this.#hasLife = false
  }
}
