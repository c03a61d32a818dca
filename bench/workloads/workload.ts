import type { Adapter, EndOptions } from '../adapters/adapter.ts'

/** Plain numbers by name: parameters of a workload, and what it counts. */
export type Figures = Record<string, number>

/** A running half of a workload, in a process of its own. */
export interface End {
  /** Where clients reach it, at the server's end. */
  readonly port?: number
  /** What was counted so far. */
  counters?(): Figures
  /** What this end measured, once it is done; it never resolves at an end that goes on until it is killed. */
  readonly result?: Promise<Report>
}

/** What an end measured: figures, and the samples of a distribution where there is one. */
export interface Report {
  readonly figures: Figures
  readonly samples?: readonly number[]
}

/** What two processes do with a connection between them. */
export interface Workload {
  serve(adapter: Adapter, options: EndOptions, parameters: Figures): Promise<End>
  drive(adapter: Adapter, options: EndOptions, parameters: Figures): Promise<End>
}

/** A parameter that has to be there. */
export function parameter(parameters: Figures, name: string): number {
  const value = parameters[name]
  if (value === undefined) throw new Error(`The workload needs the parameter '${name}'.`)
  return value
}
