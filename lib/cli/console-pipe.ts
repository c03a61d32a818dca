import { UDPipe, UDPipeError, type CloseOptions, type DisconnectInfo, type Peer, type UDPipeOptions } from '../index.ts'
import { formatAddress, type Address } from '../core/address.ts'
import { ByteFramer, LineFramer, type Framer } from './framers.ts'
import { pump } from './pump.ts'
import { Progress, watchedInputBytes } from './progress.ts'
import { PeersMessageSink, type Sender } from './message-sink.ts'
import { Output } from './output.ts'
import { Report } from './report.ts'
import { carriesBytes, chunkBytes, toUDPipeOptions, type SharedOptions } from './shared-options.ts'
import { closeOnSignals } from './signals.ts'
import { Throughput } from './throughput.ts'

/** A UDPipe between standard input and standard output, which tells what happens on standard error. */
export abstract class ConsolePipe extends UDPipe implements Sender {
  protected readonly report: Report
  protected readonly output: Output
  readonly #sent = new Throughput()
  readonly #received = new Throughput()
  readonly #framer: Framer
  readonly #isQuiet: boolean
  #progress: Progress | undefined
  readonly #timeoutSeconds: number
  readonly #sink: PeersMessageSink
  readonly #inputOver = new AbortController()
  #isClosing = false

  /** @throws UDPipeError what the constructor of `UDPipe` throws */
  constructor(shared: SharedOptions, options: UDPipeOptions) {
    super({ ...toUDPipeOptions(shared), ...options })
    const isBinary = carriesBytes(shared)
    this.#framer = isBinary ? new ByteFramer(chunkBytes(shared)) : new LineFramer()
    this.#isQuiet = shared.quiet === true
    this.#timeoutSeconds = shared.timeout
    this.report = new Report(this.#isQuiet)
    this.output = new Output(process.stdout, !isBinary, (error) => this.#handleBrokenOutput(error))
    this.#sink = new PeersMessageSink(this, isBinary, this.report, (lengthBytes) => this.#countSent(lengthBytes))
  }

  abstract pass(message: Uint8Array): boolean
  /** Starts or connects. */
  protected abstract begin(): void | Promise<void>
  /** How people call a peer. */
  protected abstract nameOf(peer: Peer): string
  /** Standard input has ended, and all of it was sent. */
  protected abstract handleInputEnd(): void

  /** Begins, runs until it is closed or over, and returns the exit code. */
  async runToEnd(): Promise<number> {
    try {
      await this.begin()
    } catch (error) {
      if (!(error instanceof UDPipeError)) throw error
      this.report.failure(error.message)
      return this.report.exitCode
    }
    closeOnSignals((signal) => this.handleSignal(signal))
    const input = this.#feedInput()
    await this.run()
    this.#inputOver.abort()
    await input
    this.#stopProgress()
    if (this.#sent.bytes > 0) this.report.event(`sent ${this.#sent.toString()}`)
    if (this.#received.bytes > 0) this.report.event(`received ${this.#received.toString()}`)
    const { droppedMessages } = this.output
    if (droppedMessages > 0) {
      this.report.failure(`${droppedMessages} messages were dropped: standard output was not read fast enough`)
    }
    return this.report.exitCode
  }

  /** Without a peer, it takes no more input. */
  override close(peer?: Peer, options?: CloseOptions): Promise<void> {
    if (peer === undefined) {
      this.#isClosing = true
      this.#inputOver.abort()
    }
    return super.close(peer, options)
  }

  override onNewMessage(message: Buffer, peer: Peer): void {
    this.#received.add(performance.now(), message.length)
    this.print(message, peer)
  }

  override onConnect(peer: Peer, _ip: string, _port: number): void {
    this.#sink.peerCame(peer)
  }

  override onDisconnect(peer: Peer, _info: DisconnectInfo): void {
    this.#sink.peerLeft(peer)
  }

  override onPong(peer: Peer): void {
    this.#sink.peerAnswered(peer)
  }

  override onStalled(peer: Peer): void {
    this.report.warning(`stalled: nothing heard from ${this.nameOf(peer)}; what is sent to it waits`)
  }

  override onUnstalled(peer: Peer): void {
    this.report.success(`unstalled: ${this.nameOf(peer)} is back`)
  }

  override onMigrated(peer: Peer, from: Address, to: Address): void {
    this.report.success(`moved: ${this.nameOf(peer)} was at ${formatAddress(from)} and is at ${formatAddress(to)}`)
  }

  override onError(error: UDPipeError): void {
    // The sink reports each message that a full queue refuses.
    if (error.code !== 'ERR_QUEUE_FULL') this.report.failure(error.message)
  }

  protected print(message: Buffer, _peer: Peer): void {
    this.output.write(message)
  }

  /** What was sent has left, or is confirmed, only now. */
  protected confirmSent(): void {
    this.#sent.extend(performance.now())
  }

  protected handleSignal(signal: NodeJS.Signals): void {
    this.report.event(`${signal}: closing; once more ends at once`)
    void this.close()
  }

  /** Why a connection has ended, in a few words. */
  protected explain({ code, reason, timedOut }: DisconnectInfo): string {
    if (timedOut) return `no sign of life for ${this.#timeoutSeconds} s`
    if (this.#isClosing) return 'closed by this side'
    const details = [...(code === 0 ? [] : [`code ${code}`]), ...(reason === '' ? [] : [reason])]
    return details.length === 0 ? 'closed by the other side' : `closed by the other side (${details.join(', ')})`
  }

  async #feedInput(): Promise<void> {
    try {
      const isComplete = await pump(process.stdin, this.#framer, this.#sink, this.#inputOver.signal)
      this.#stopProgress()
      if (!isComplete) return
      this.confirmSent()
      this.handleInputEnd()
    } catch (error) {
      this.report.failure(`standard input: ${(error as Error).message}`)
      void this.close()
    }
  }

  #countSent(lengthBytes: number): void {
    if (this.#sent.bytes === 0) this.#startProgress()
    this.#sent.add(performance.now(), lengthBytes)
    this.#progress?.update(this.#sent.bytes)
  }

  #startProgress(): void {
    const totalBytes = this.#isQuiet ? undefined : watchedInputBytes()
    if (totalBytes !== undefined) this.#progress = new Progress(totalBytes)
  }

  #stopProgress(): void {
    this.#progress?.stop()
    this.#progress = undefined
  }

  /** A reader that has seen enough, as `head`, is no failure. */
  #handleBrokenOutput(error: NodeJS.ErrnoException): void {
    if (error.code !== 'EPIPE') this.report.failure(`standard output: ${error.message}`)
    void this.close()
  }
}
