import { nodePlatform } from '../../lib/node/platform.ts'
import type { LinkSocket } from '../../lib/port/datagram-port.ts'
import type { Platform } from '../../lib/port/platform.ts'
import type { PortOptions } from '../../lib/port/port-factory.ts'
import { Network, Program, Random, Timeline, type LinkOptions, type ProgramOptions } from '../../lib/simulator/index.ts'

/** A program in a simulation that has nothing else in it, and somebody who sends datagrams to it. */
export class LoneProgram {
  readonly timeline: Timeline = new Timeline()
  readonly network: Network
  readonly program: Program
  readonly platform: Platform
  readonly host = '10.0.0.1'
  readonly sender = { host: '10.0.0.9', port: 9 }

  constructor(options: Partial<ProgramOptions> = {}, link: LinkOptions = {}) {
    const { timeline } = this
    this.network = new Network(timeline, new Random(1), link)
    const context = { timeline, network: this.network, trace: undefined, scratch: new Uint8Array(2_000) }
    const random = new Random(2)
    this.program = new Program(context, { name: 'program', host: this.host, firstPort: 40_000, random, ...options })
    this.platform = this.program.platform(nodePlatform)
  }

  /** Lets time pass until `untilMs`. */
  runUntil(untilMs: number): void {
    while (this.timeline.advance(untilMs));
  }

  /** Calls something at a time, from outside of the program. */
  at(timeMs: number, action: () => void): void {
    this.timeline.set(this.timeline.add({ name: 'test', act: action }), timeMs)
  }

  /** Opens a socket of the program. */
  open(options: Partial<PortOptions> = {}): LinkSocket {
    const { monotonicMs: clock } = this.platform
    return this.platform.createPorts().open({ host: '0.0.0.0', port: 0, clock, ...options })
  }

  /** Has a datagram come to the program at a time, from {@link sender} or another source. */
  arriveAt(timeMs: number, port: number, bytes: Uint8Array = new Uint8Array(1), source = this.sender): void {
    this.at(timeMs, () => this.network.inject(this.timeline.now, bytes, source, { host: this.host, port }))
  }
}
