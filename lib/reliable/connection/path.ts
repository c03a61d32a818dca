import { Congestion } from '../congestion/congestion.ts'
import { Pacer } from '../congestion/pacer.ts'
import { RedundancyControl, type Redundancy } from '../channel/redundancy.ts'
import { RttEstimator } from '../recovery/rtt.ts'
import type { SendRhythm } from '../congestion/send-rhythm.ts'

/** What a path is measured with. */
export interface PathOptions {
  readonly mtuBytes: number
  readonly redundancy: Redundancy
  /** How often the program sends, which no path changes. */
  readonly rhythm: SendRhythm
  /** The round-trip time that a handshake on this path took; `NaN` when it could not tell. */
  readonly handshakeRttMs: number
}

/**
 * What was measured of the way that packets take, and what is held against it: a connection that goes on over another path
 * begins with a new one, as RFC 9000 §9.4 asks.
 */
export class Path {
  readonly rtt: RttEstimator
  readonly redundancy: RedundancyControl
  readonly congestion: Congestion
  readonly pacer: Pacer

  /** Throws a RangeError when the redundancy is a number out of its range. */
  constructor(now: number, { mtuBytes, redundancy, rhythm, handshakeRttMs }: PathOptions) {
    this.rtt = new RttEstimator(now, handshakeRttMs)
    this.redundancy = new RedundancyControl(now, redundancy, this.rtt, rhythm)
    this.congestion = new Congestion(now, mtuBytes, this.rtt)
    this.pacer = new Pacer(now)
  }
}
