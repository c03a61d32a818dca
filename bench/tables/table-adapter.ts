import type { EndOptions } from '../adapters/adapter.ts'

/** What travels. */
export type Table = object

/** One connection that carries tables, as the workloads see it. */
export interface TableConnection {
  onTable: (table: Table) => void
  /** Roughly how many bytes were accepted by {@link send} and not handed to the network yet. */
  readonly waitingBytes: number
  /** Returns whether it was accepted. */
  send(table: Table): boolean
  close(): void
}

/** What listens. */
export interface TableListener {
  readonly port: number
  /** Sends a table to everybody, encoded once. */
  broadcast(table: Table): void
}

/** A way for tables, behind the one interface that all workloads use. */
export interface TableAdapter {
  /** What its figures are listed under. */
  readonly name: string
  listen(options: EndOptions, onConnection: (connection: TableConnection) => void): Promise<TableListener>
  connect(options: EndOptions): Promise<TableConnection>
}

/** Shared by what nobody has listened to yet. */
export const ignoreTable = (): void => {}

/** What tables are packed with, everywhere the same. */
export const packing = { useRecords: false, encodeUndefinedAsNil: true, variableMapSize: true }
export const unpacking = { useRecords: false, mapsAsObjects: true, int64AsType: 'auto', copyBuffers: true } as object
