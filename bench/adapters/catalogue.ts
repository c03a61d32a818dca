import type { Adapter } from './adapter.ts'

/** Where each adapter is; a module that does not load says why its peer is absent. */
const modules = {
  udpipe: async () => (await import('./udpipe.ts')).udpipe,
  net: async () => (await import('./net.ts')).net,
  ws: async () => (await import('./ws.ts')).ws,
  'udx-native': async () => (await import('./udx.ts')).udx,
  'node-kcp': async () => (await import('./kcp.ts')).kcp,
  '@matrixai/quic': async () => (await import('./quic.ts')).quic,
  'node-datachannel': async () => (await import('./datachannel.ts')).datachannel,
  ENet: async () => (await import('./enet.ts')).enet,
  'utp-native': async () => (await import('./utp.ts')).utpNative,
} satisfies Record<string, () => Promise<Adapter>>

export type AdapterName = keyof typeof modules

export const adapterNames = Object.keys(modules) as readonly AdapterName[]

/** Loads one adapter, and with it the library that it is for. */
export function loadAdapter(name: AdapterName): Promise<Adapter> {
  return modules[name]()
}
