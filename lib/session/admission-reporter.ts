import type { AdmissionListener, ServerSession } from './admission.ts'

/**
 * Tells a front door what becomes of one session that it let in. The door may be a stand-in that passes the calls on to another
 * thread or machine: it is told what has changed, once, and is asked nothing.
 */
export class AdmissionReporter {
  readonly #listener: AdmissionListener
  readonly #id: string
  readonly #session: ServerSession
  #wasEstablished = false
  #resumeId: Uint8Array | undefined
  #isEnding = false

  /** `id` is the admission's that the session was made from just now. */
  constructor(listener: AdmissionListener, id: string, session: ServerSession) {
    this.#listener = listener
    this.#id = id
    this.#session = session
    this.#resumeId = session.resumeId
  }

  /** Tells what has changed. To be called after whatever the session was told, before the door hears its next datagram. */
  report(): void {
    const { state, wasEstablished, resumeId } = this.#session
    if (wasEstablished && !this.#wasEstablished) {
      this.#wasEstablished = true
      this.#listener.handleEstablished(this.#id)
    }
    if (resumeId !== undefined && resumeId !== this.#resumeId) {
      this.#resumeId = resumeId
      this.#listener.handleReturned(this.#id, resumeId)
    }
    if ((state === 'closing' || state === 'closed') && !this.#isEnding) {
      this.#isEnding = true
      this.#listener.handleEnding(this.#id)
    }
  }

  /** The session is over: tells the last that there is to tell, and has the door forget it. */
  end(): void {
    this.report()
    this.#listener.forget(this.#id)
  }
}
