import { parameter, type End, type Workload } from './workload.ts'

const MIN_BYTES = 8
/** What the last message still has to arrive, before whatever is missing counts as never come. */
const GRACE_MS = 3_000

/** A stream of messages at a steady rate over a few connections; the server takes the time of each, one way: the processes share a clock. */
export const latency: Workload = {
  async serve(adapter, options, parameters) {
    const expected = parameter(parameters, 'connections') * parameter(parameters, 'messages')
    const samples: number[] = []
    const { port, datagrams } = await adapter.listen(options, (connection) => {
      connection.onMessage = (message) => samples.push(nowMs() - sentAtMs(message))
    })
    const patienceMs = parameter(parameters, 'messages') * parameter(parameters, 'intervalMs') + 4 * GRACE_MS
    const result = (async () => {
      const startedAt = nowMs()
      while (samples.length < expected && nowMs() - startedAt < patienceMs) await sleep(50)
      const packets = datagrams?.() ?? { sent: 0, received: 0 }
      const figures = { expected, received: samples.length, datagrams: packets.sent + packets.received }
      return { figures, samples }
    })()
    return { port, result }
  },

  async drive(adapter, options, parameters) {
    const message = Buffer.alloc(Math.max(MIN_BYTES, parameter(parameters, 'bytes')), 'l')
    const connections = await Promise.all(
      Array.from({ length: parameter(parameters, 'connections') }, () => adapter.connect(options)),
    )
    const intervalMs = parameter(parameters, 'intervalMs')
    connections.forEach((connection, i) => {
      const startAtMs = nowMs() + intervalMs * (1 + i / connections.length)
      stream(startAtMs, intervalMs, parameter(parameters, 'messages'), () => {
        message.writeDoubleLE(nowMs(), 0)
        connection.send(message)
      })
    })
    return {} satisfies End
  },
}

/** Calls `send` at a steady rate, without drift. */
export function stream(startAtMs: number, intervalMs: number, count: number, send: () => void): void {
  let sent = 0
  const tick = () => {
    while (sent < count && nowMs() >= startAtMs + sent * intervalMs) {
      send()
      sent += 1
    }
    if (sent < count) setTimeout(tick, Math.max(1, startAtMs + sent * intervalMs - nowMs()))
  }
  tick()
}

/** Milliseconds of a clock that all processes of the machine share. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

export function sentAtMs(message: Uint8Array): number {
  return new DataView(message.buffer, message.byteOffset, message.byteLength).getFloat64(0, true)
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
