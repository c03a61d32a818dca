import { nowMs, sentAtMs, stream } from './latency.ts'
import { parameter, type Workload } from './workload.ts'
import { echo } from './echo.ts'

const GRACE_MS = 10_000

/** A steady stream of messages that the server sends back; the client takes the time of each, there and back. */
export const roundTrips: Workload = {
  serve: (adapter, options, parameters) => echo.serve(adapter, options, parameters),

  async drive(adapter, options, parameters) {
    const message = Buffer.alloc(parameter(parameters, 'bytes'))
    const connection = await adapter.connect(options)
    const intervalMs = parameter(parameters, 'intervalMs')
    const expected = parameter(parameters, 'messages')
    const samples: number[] = []
    const result = new Promise<void>((resolve) => {
      connection.onMessage = (answer) => {
        samples.push(nowMs() - sentAtMs(answer))
        if (samples.length === expected) resolve()
      }
      setTimeout(resolve, expected * intervalMs + GRACE_MS)
    }).then(() => ({ figures: { expected, received: samples.length }, samples }))
    stream(nowMs() + intervalMs, intervalMs, expected, () => {
      message.writeDoubleLE(nowMs(), 0)
      connection.send(message)
    })
    return { result }
  },
}
