/** What a process holds on to. */
export interface Holdings {
  readonly sockets: number
  readonly timers: number
  readonly heapBytes: number
}

/** Measures this process, after a garbage collection: it needs `--expose-gc`. */
export function measure(): Holdings {
  globalThis.gc?.()
  const resources = process.getActiveResourcesInfo()
  return {
    sockets: resources.filter((name) => name === 'UDPWrap').length,
    timers: resources.filter((name) => name === 'Timeout' || name === 'Immediate').length,
    heapBytes: process.memoryUsage().heapUsed,
  }
}
