import type { Redundancy } from '../../lib/reliable/channel/redundancy.ts'
import type { Distribution } from './distribution.ts'

/** What every measurement is told. */
export interface MeasureOptions {
  readonly seeds: number
  readonly firstSeed: number
  readonly seconds: number
  readonly redundancy: Redundancy
}

/** One line of a table: a word for each column, and whether the goal is met. */
export interface Row {
  readonly cells: Readonly<Record<string, string>>
  readonly isMet: boolean
}

/** A line of which the times it sums up are at hand, in milliseconds. */
export interface TimedRow extends Row {
  readonly times: Distribution
}

/** A table of what was measured. */
export interface Measurement {
  readonly name: string
  readonly title: string
  rows(options: MeasureOptions): Iterable<Row> | AsyncIterable<Row>
}

/** A measurement that takes no real time. */
export interface SimulatedMeasurement extends Measurement {
  rows(options: MeasureOptions): Generator<Row>
}

export const ms = (value: number): string => `${value.toFixed(value < 1_000 ? 1 : 0)} ms`
export const ratio = (value: number): string => value.toFixed(2)
export const percent = (share: number): string => `${(share * 100).toFixed(2)} %`
