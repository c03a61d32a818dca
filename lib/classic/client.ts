import { isSameAddress, isUnspecified, type Address } from '../core/address.ts'
import { Backoff } from '../session/backoff.ts'
import { canonicalHost } from '../core/numeric-host.ts'
import type { ReconnectInfo } from '../session/session.ts'
import type { SessionSettings } from '../session/settings.ts'
import { ClassicSession } from './classic-session.ts'
import { decodeConnect, decodeWord, encodeHello, encodeWord, type Word } from './words.ts'

/**
 * The client's end of a classic connection: it says HELLO to a front door, is shown a private port there, says CONNECT to
 * that, and begins anew when it loses the server.
 */
export class ClassicClient extends ClassicSession {
  readonly #handshakeTimeoutMs: number
  readonly #frontDoor: Address
  readonly #hello: Uint8Array
  readonly #backoff: Backoff | undefined
  redialing: ReconnectInfo | undefined
  /** The CONNECT that was said here, if its copies come from where the private port's datagrams do. */
  #shown: Uint8Array | undefined

  /**
   * Dials at once. `random` returns numbers from 0 up to, not including, 1.
   *
   * @throws RangeError when the token is not one that `isToken` accepts
   */
  constructor(now: number, settings: SessionSettings, frontDoor: Address, token: string, random: () => number) {
    super(now, settings, 'waiting', frontDoor)
    this.#handshakeTimeoutMs = settings.handshakeTimeoutMs
    // Answers come from the address as the network writes it.
    this.#frontDoor = { host: canonicalHost(frontDoor.host) ?? frontDoor.host, port: frontDoor.port }
    this.#hello = encodeHello(token)
    this.#backoff = settings.reconnect ? new Backoff(settings.reconnect, random) : undefined
    this.#dial()
  }

  protected override handleOpening(now: number, bytes: Uint8Array): void {
    if (this.state === 'dialing') this.#handleAnswer(bytes)
    else this.#handleProof(now, bytes)
  }

  protected override handleLinked(now: number, bytes: Uint8Array): void {
    if (this.#isShownAgain(bytes)) this.dropMalformed()
    else super.handleLinked(now, bytes)
  }

  protected override handleOpeningTimeout(): void {
    if (this.state === 'waiting') {
      this.#dial()
      return
    }
    const retryMs = this.takeRetryMs()
    this.events.push({ type: 'unanswered', willReconnect: retryMs !== undefined })
    this.leave(retryMs)
  }

  protected override handleOpeningWord(word: Word): boolean {
    return word === 'CONNECTED'
  }

  protected override takeRetryMs(): number | undefined {
    const delayMs = this.#backoff?.next(this.heardAt)
    if (delayMs === undefined) return undefined
    this.redialing = { attempt: this.#backoff?.attempt ?? 1, delayMs }
    return delayMs
  }

  #dial(): void {
    this.enter('dial', this.#handshakeTimeoutMs, this.#hello)
    this.setPeer(this.#frontDoor)
  }

  /** The front door answers CONNECT with a private port, or GO AWAY! */
  #handleAnswer(bytes: Uint8Array): void {
    const endpoint = decodeConnect(bytes)
    if (endpoint !== undefined) {
      const host = isUnspecified(endpoint.host) ? this.#frontDoor.host : endpoint.host
      const remote = { host, port: endpoint.port }
      this.#shown = isSameAddress(remote, this.#frontDoor) ? bytes : undefined
      this.#connect(remote)
    } else if (decodeWord(bytes) === 'GO AWAY!') {
      const retryMs = this.takeRetryMs()
      this.events.push({ type: 'refused', code: 0, reason: '', willReconnect: retryMs !== undefined })
      this.leave(retryMs)
    } else {
      this.dropMalformed()
    }
  }

  #connect(remote: Address): void {
    this.enter('shown', this.#handshakeTimeoutMs, encodeWord('CONNECT'))
    this.setPeer(remote)
    this.events.push({ type: 'connecting', remote })
  }

  /**
   * The private port answers CONNECTED. If that was lost, whatever a server says only once it has taken us in proves as
   * much: data, PING or CLOSE. PONG and CLOSED answer what we have not said, and prove nothing.
   */
  #handleProof(now: number, bytes: Uint8Array): void {
    const word = decodeWord(bytes)
    if (word === 'PONG' || word === 'CLOSED' || this.#isShownAgain(bytes)) {
      this.dropMalformed()
      return
    }
    this.establish()
    this.#backoff?.established(now)
    this.handleLinked(now, bytes)
  }

  /** Whether a datagram is an answer to a HELLO that was said again, and not a message: a shared port says both. */
  #isShownAgain(bytes: Uint8Array): boolean {
    const shown = this.#shown
    return bytes.length === shown?.length && bytes.every((byte, index) => byte === shown[index])
  }
}
