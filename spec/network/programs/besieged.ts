// A server that peers try to fill the memory of. It polls now and then, or never, and says how much memory it took at the most.
//
//   besieged.ts drop|pause POLL_MS

import * as network from 'udpipe/network'

const [overflow = 'drop', pollMs = '0'] = process.argv.slice(2)
const net = network.createNetwork({ overflow: overflow as 'drop' | 'pause' })
const [server] = await net.Server('127.0.0.1', 0, '', { keepConnections: true, timeoutMs: 0, keepAliveMs: 0 })
let peakBytes = 0
let tables = 0
setInterval(() => {
  const { rss } = process.memoryUsage()
  peakBytes = Math.max(peakBytes, rss)
}, 10)
if (pollMs !== '0') {
  setInterval(() => {
    for (const event of net.PollEvents()) if (event.Event === network.EVENT_RECEIVE) tables += 1
  }, Number(pollMs))
}
process.on('message', () => process.send?.({ peakBytes, tables, ...net.counters() }))
process.send?.({ port: server?.GetPort() })
