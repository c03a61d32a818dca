import type { Address } from '../core/address.ts'
import type { ClassicAdmission, ServerSession } from '../session/admission.ts'
import type { SessionSettings } from '../session/settings.ts'
import { ClassicSession } from './classic-session.ts'
import { decodeWord, type Word } from './words.ts'

/**
 * The server's end of a classic connection, on a private port of its own: it waits for the CONNECT of the client that was
 * shown this port, and closes when none comes.
 */
export class ClassicServerSession extends ClassicSession implements ServerSession {
  /** This protocol has no way back to a connection that was lost. */
  readonly resumeId: undefined
  readonly #helloHost: string
  #wasEstablished = false

  /** CONNECT comes from where HELLO came from, but a NAT may show another port. */
  constructor(now: number, settings: SessionSettings, { source }: Pick<ClassicAdmission, 'source'>) {
    super(now, settings, 'connecting', source)
    this.#helloHost = source.host
  }

  get wasEstablished(): boolean {
    return this.#wasEstablished
  }

  abandon(): void {
    if (this.state === 'connecting') this.end()
  }

  protected override isFromPeer(source: Address): boolean {
    return this.state === 'connecting' ? source.host === this.#helloHost : super.isFromPeer(source)
  }

  protected override handleOpening(_now: number, bytes: Uint8Array, source: Address): void {
    if (decodeWord(bytes) !== 'CONNECT') {
      this.dropMalformed()
      return
    }
    this.setPeer(source)
    this.establish()
    this.#wasEstablished = true
    this.exchange.due.owe('CONNECTED')
  }

  /** Nobody came: there was no connection, so none has ended. */
  protected override handleOpeningTimeout(): void {
    this.end()
  }

  /** CONNECT that comes again was not answered, as far as the client knows. */
  protected override handleOpeningWord(word: Word): boolean {
    if (word !== 'CONNECT') return false
    this.exchange.due.owe('CONNECTED')
    return true
  }

  /** A server does not dial. */
  protected override takeRetryMs(): undefined {
    return undefined
  }
}
