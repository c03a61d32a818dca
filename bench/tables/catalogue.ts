import type { TableAdapter } from './table-adapter.ts'

/** Where each way for tables is; a module that does not load is left out. */
const modules = {
  'udpipe/network': async () => (await import('./network.ts')).plain,
  'udpipe/network, 128 bit': async () => (await import('./network.ts')).sealed128,
  'udpipe/network, 256 bit': async () => (await import('./network.ts')).sealed256,
  'net + msgpackr': async () => (await import('./bare-net.ts')).bareNet,
  'ws + msgpackr': async () =>
    (await import('./packed.ts')).packed('ws + msgpackr', (await import('../adapters/ws.ts')).ws),
  'zeromq + msgpackr': async () => (await import('./zeromq.ts')).zeromq,
} satisfies Record<string, () => Promise<TableAdapter>>

export type TableAdapterName = keyof typeof modules

export const tableAdapterNames = Object.keys(modules) as readonly TableAdapterName[]

/** Loads one of them, and with it the library that it is for. */
export function loadTableAdapter(name: TableAdapterName): Promise<TableAdapter> {
  return modules[name]()
}

export function isTableAdapterName(name: string): name is TableAdapterName {
  return Object.hasOwn(modules, name)
}
