import type { Connection } from '../adapters/adapter.ts'
import { parameter, type Workload } from './workload.ts'

/** How many clients connect at the same time. */
const CONCURRENCY = 64

/** Many clients, and a server that sends each of them a message in every tick while each of them sends it one. */
export const fleet: Workload = {
  async serve(adapter, options, parameters) {
    const message = Buffer.alloc(parameter(parameters, 'bytes'), 's')
    const connections: Connection[] = []
    let messages = 0
    let sent = 0
    const rssBefore = settledRss()
    const listener = await adapter.listen({ ...options, rhythm: 'ticks' }, (connection) => {
      connections.push(connection)
      connection.onMessage = () => (messages += 1)
    })
    let stepMs: number[] = []
    every(1000 / parameter(parameters, 'hz'), () => {
      const startedAt = performance.now()
      for (const connection of connections) if (connection.send(message)) sent += 1
      listener.step?.()
      stepMs.push(performance.now() - startedAt)
    })
    return {
      port: listener.port,
      counters: () => {
        const steps = stepMs.sort((a, b) => a - b)
        stepMs = []
        const rss = process.memoryUsage.rss()
        return {
          messages,
          sent,
          connections: connections.length,
          stepP50Ms: steps[Math.floor(steps.length / 2)] ?? 0,
          stepP99Ms: steps[Math.floor(steps.length * 0.99)] ?? 0,
          rssPerClientKiB: (rss - rssBefore) / 1024 / Math.max(1, connections.length),
        }
      },
    }
  },

  async drive(adapter, options, parameters) {
    const message = Buffer.alloc(parameter(parameters, 'bytes'), 'c')
    const clients = parameter(parameters, 'clients')
    const connections: Connection[] = []
    let messages = 0
    let sent = 0
    const connectOne = async () => {
      const connection = await adapter.connect({ ...options, rhythm: 'ticks' })
      connection.onMessage = () => (messages += 1)
      connections.push(connection)
    }
    let isSending = false
    every(1000 / parameter(parameters, 'hz'), () => {
      for (const connection of connections) {
        if (isSending && connection.send(message)) sent += 1
        connection.step?.()
      }
    })
    let left = clients
    const worker = async () => {
      while (left-- > 0) await connectOne()
    }
    await Promise.all(Array.from({ length: CONCURRENCY }, worker))
    isSending = true
    return { counters: () => ({ messages, sent, connections: connections.length }) }
  },
}

/** Calls `act` at a steady rate; a tick that comes late is not made up for. */
function every(intervalMs: number, act: () => void): void {
  let due = performance.now() + intervalMs
  const tick = () => {
    act()
    due = Math.max(due + intervalMs, performance.now())
    setTimeout(tick, due - performance.now())
  }
  setTimeout(tick, intervalMs)
}

function settledRss(): number {
  globalThis.gc?.()
  return process.memoryUsage.rss()
}
