import { setImmediate as turn } from 'node:timers/promises'
import type { Peer, ProtocolName, UDPipe, UDPipeOptions } from 'udpipe'
import { onTestFinished } from 'vitest'
import { FakeClock } from './fake-clock.ts'
import { portLayout } from './port-layout.ts'
import { RecordingPipe } from './recording-pipe.ts'
import { stepTurns, stepUntil } from './step-until.ts'

/** A server, a client, and the connection between them. */
export interface ConnectedPair {
  readonly server: RecordingPipe
  readonly client: RecordingPipe
  /** The port of the server's front door. */
  readonly port: number
  /** The client, as the server sees it. */
  readonly clientPeer: Peer
  /** The server, as the client sees it. */
  readonly serverPeer: Peer
}

/** Time passes in slices no longer than this, as in a main loop that keeps up. */
const SLICE_MS = 50

/** So many turns of the event loop take a datagram over loopback, and its answer back, more than once. */
const SETTLING_TURNS = 6

/**
 * UDPipes on real sockets over loopback, on a clock that only the spec advances. What stands on it is closed when the test
 * is finished.
 */
export class Rig {
  readonly clock: FakeClock = new FakeClock()
  /** What every pipe of this rig speaks. */
  readonly protocol: ProtocolName
  readonly #pipes = new Set<UDPipe>()
  readonly #frozen = new Set<UDPipe>()

  constructor(protocol: ProtocolName) {
    this.protocol = protocol
  }

  /** What every pipe of this rig is made with. */
  get options(): UDPipeOptions {
    return {
      protocol: this.protocol,
      protocols: [this.protocol],
      clock: this.clock.read,
      logger: { debug: () => {}, warn: () => {} },
      ...portLayout,
    }
  }

  /** Makes a pipe that writes down what fires. */
  pipe(options: UDPipeOptions = {}): RecordingPipe {
    return this.add(new RecordingPipe({ ...this.options, ...options }))
  }

  /** Takes over a pipe: steps it from now on, and closes it in the end. */
  add<P extends UDPipe>(pipe: P): P {
    this.#pipes.add(pipe)
    return pipe
  }

  /** Starts a server on a free port of loopback and returns that port. */
  async start(server: UDPipe, options: UDPipeOptions = {}): Promise<number> {
    const { port } = await server.start(0, '127.0.0.1', options)
    return port
  }

  /** Connects clients to a server, one after the other, until both sides have seen it. */
  async connect(server: RecordingPipe, port: number, ...clients: RecordingPipe[]): Promise<void> {
    for (const client of clients) {
      const before = server.called('onConnect').length
      void client.connect('127.0.0.1', port)
      await this.until(() => server.called('onConnect').length > before && client.called('onConnect').length > 0)
    }
  }

  /** Makes a server and a client that are connected. */
  async connectedPair(options: { server?: UDPipeOptions; client?: UDPipeOptions } = {}): Promise<ConnectedPair> {
    const server = this.pipe(options.server)
    const client = this.pipe(options.client)
    const port = await this.start(server)
    await this.connect(server, port, client)
    return { server, client, port, clientPeer: server.lastPeer, serverPeer: client.lastPeer }
  }

  /** Its main loop does not run for now. */
  freeze(pipe: UDPipe): void {
    this.#frozen.add(pipe)
  }

  thaw(pipe: UDPipe): void {
    this.#frozen.delete(pipe)
  }

  /** Steps all until the condition holds, while the clock stands still. */
  async until(condition: () => boolean): Promise<void> {
    await stepUntil(this.#running(), condition)
  }

  /** Steps all until what is under way has arrived and been answered, while the clock stands still. */
  async settle(): Promise<void> {
    await stepTurns(this.#running(), SETTLING_TURNS)
  }

  /** Lets time pass, in main loops that keep up. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= SLICE_MS) {
      this.clock.advance(Math.min(SLICE_MS, left))
      await this.settle()
    }
  }

  /** Lets time pass until the condition holds, `limitMs` of it at most. */
  async passUntil(condition: () => boolean, limitMs = 60_000): Promise<void> {
    for (let left = limitMs; left > 0 && !condition(); left -= SLICE_MS) await this.pass(SLICE_MS)
    if (!condition()) throw new Error(`Waited ${limitMs} ms in vain for ${condition.toString()}`)
  }

  /** Closes all, and lets the time pass that this takes. */
  async close(): Promise<void> {
    this.#frozen.clear()
    const closing = { isOver: false }
    const closed = Promise.all([...this.#pipes].map((pipe) => pipe.close())).finally(() => (closing.isOver = true))
    await turn()
    while (!closing.isOver) await this.pass(SLICE_MS)
    await closed
  }

  #running(): UDPipe[] {
    return [...this.#pipes].filter((pipe) => !this.#frozen.has(pipe))
  }
}

/** A rig for the test that runs. */
export function createRig(protocol: ProtocolName = 'classic'): Rig {
  const rig = new Rig(protocol)
  onTestFinished(() => rig.close())
  return rig
}
