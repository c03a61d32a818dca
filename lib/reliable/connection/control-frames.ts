import { copyBytes, isSameBytes } from '../../core/bytes.ts'
import type { ClockOffset } from './clock-offset.ts'
import type { Frame } from '../wire/frame.ts'
import type { PacketWriter } from '../wire/packet.ts'

/** How many PINGs are remembered, and how many PONGs may be owed. */
const MAX_PINGS = 16

/** The first few exchanges that measure the other side's clock follow each other quickly, the later ones do not. */
const QUICK_EXCHANGES = 4
const QUICK_EXCHANGE_GAP_MS = 250
const EXCHANGE_GAP_MS = 5_000

const encoder = new TextEncoder()

/** A PING that was sent and has no answer yet. */
interface SentPing {
  readonly id: number
  readonly sentAt: number
  /** Whether whoever asked wants to be told of its PONG. */
  readonly isAwaited: boolean
}

/** A PONG that is owed. */
interface OwedPong {
  readonly id: number
  readonly pingTimeMs: number
  readonly arrivedAt: number
}

/**
 * The frames that a connection has of its own, besides the messages: PING and PONG, CLOSE and CLOSED, PATH RESPONSE. Each is written once for each
 * time that it is asked for; who wants one repeated asks again.
 */
export class ControlFrames {
  readonly #clock: ClockOffset
  readonly #owed: OwedPong[] = []
  /** Oldest first. */
  readonly #pings: SentPing[] = []
  #nextPingId = 0
  #isPingDue = false
  #isPongAwaited = false
  #lastExchangeAt = -Infinity
  #closeCode = 0
  #closeReason: Uint8Array | undefined
  #isCloseFinal = false
  #isClosedDue = false
  /** What the newest PATH CHALLENGE asked for; kept to tell the next one from a repetition of it. */
  #challenge: Uint8Array | undefined
  #isResponseDue = false

  constructor(clock: ClockOffset) {
    this.#clock = clock
  }

  /** Whether a packet should leave for what is here. */
  get isDue(): boolean {
    return (
      this.#isPingDue ||
      this.#owed.length > 0 ||
      this.#closeReason !== undefined ||
      this.#isClosedDue ||
      this.#isResponseDue
    )
  }

  /** Has a PING written. `isAwaited`: whoever asked wants to be told of its PONG. */
  ping(isAwaited: boolean): void {
    this.#isPingDue = true
    if (isAwaited) this.#isPongAwaited = true
  }

  /** Has a CLOSE written. Of a reason that is too long, the caller has cut the end. */
  close(code: number, reason: string, isFinal = false): void {
    this.#closeCode = code
    this.#isCloseFinal = isFinal
    this.#closeReason = encoder.encode(reason)
  }

  /** Has a CLOSED written. */
  closed(): void {
    this.#isClosedDue = true
  }

  /** A PING arrived: it is answered with the next packet. Beyond a bound the oldest go unanswered. */
  handlePing(now: number, frame: Frame): void {
    if (this.#owed.length === MAX_PINGS) this.#owed.shift()
    this.#owed.push({ id: frame.id, pingTimeMs: frame.timeMs, arrivedAt: now })
  }

  /**
   * A PONG arrived. Returns the round-trip time when somebody waits for it, `NaN` otherwise; a PONG to no PING of ours means
   * nothing.
   */
  handlePong(now: number, frame: Frame): number {
    const at = this.#pings.findIndex(({ id }) => id === frame.id)
    const [ping] = at < 0 ? [] : this.#pings.splice(at, 1)
    if (ping === undefined) return NaN
    const { sentAt, isAwaited } = ping
    // An answer cannot have been held for longer than it took to come.
    const heldMs = Math.min(frame.heldMs, now - sentAt)
    this.#clock.sample(now - sentAt - heldMs, frame.arrivedMs + heldMs / 2 - (sentAt + now) / 2)
    return isAwaited ? now - sentAt - heldMs : NaN
  }

  /** A PATH CHALLENGE arrived: it is answered with the next packet. Returns whether it asks for other data than the last. */
  handleChallenge(frame: Frame): boolean {
    const data = frame.payload()
    const isRepeated = this.#challenge !== undefined && isSameBytes(this.#challenge, data)
    this.#challenge = copyBytes(data)
    this.#isResponseDue = true
    return !isRepeated
  }

  /** Writes what is due and fits. Returns how many frames of it nobody will ack. */
  write(now: number, packet: PacketWriter): number {
    const before = packet.frameCount
    if (this.#isResponseDue && this.#challenge !== undefined && packet.pathResponse(this.#challenge))
      this.#isResponseDue = false
    this.#writePongs(now, packet)
    if (this.#closeReason !== undefined && packet.close(this.#closeCode, this.#closeReason, this.#isCloseFinal))
      this.#closeReason = undefined
    if (this.#isClosedDue && packet.closed()) this.#isClosedDue = false
    const unacked = packet.frameCount - before
    if (this.#isPingDue && this.writePing(now, packet)) this.#isPingDue = false
    return unacked
  }

  /** Adds a PING that measures the other side's clock to a packet that leaves anyway, when it is time for one. */
  writeExchange(now: number, packet: PacketWriter): void {
    const gapMs = this.#clock.count < QUICK_EXCHANGES ? QUICK_EXCHANGE_GAP_MS : EXCHANGE_GAP_MS
    if (now - this.#lastExchangeAt >= gapMs) this.writePing(now, packet)
  }

  /** Writes a PING now. Returns whether it fit. */
  writePing(now: number, packet: PacketWriter): boolean {
    if (!packet.ping(this.#nextPingId, now)) return false
    if (this.#pings.length === MAX_PINGS) this.#pings.shift()
    this.#pings.push({ id: this.#nextPingId, sentAt: now, isAwaited: this.#isPongAwaited })
    this.#isPongAwaited = false
    this.#nextPingId = (this.#nextPingId + 1) & 0xffff
    this.#lastExchangeAt = now
    return true
  }

  #writePongs(now: number, packet: PacketWriter): void {
    for (let owed = this.#owed.at(-1); owed !== undefined; owed = this.#owed.at(-1)) {
      if (!packet.pong(owed.id, owed.pingTimeMs, owed.arrivedAt, Math.max(0, now - owed.arrivedAt))) return
      this.#owed.pop()
    }
  }
}
