// In a worker of a cluster, node:dgram asks the primary process for sockets unless they are exclusive, and that takes time.
import cluster from 'node:cluster'
import { monotonicMs } from '../../../lib/node/clock.ts'
import { UdpSocket } from '../../../lib/node/udp-socket.ts'

if (cluster.isPrimary) {
  cluster.fork()
} else {
  const socket = UdpSocket.open({ host: '127.0.0.1', port: 0, clock: monotonicMs })
  socket.setPeer(socket.address)
  const isImmediate = socket.address.port > 0 && socket.peer !== undefined
  socket.onReadable = () => {
    console.log(`${isImmediate ? 'bound at once' : 'bound later'}, heard itself`)
    cluster.worker?.disconnect()
    socket.close()
  }
  socket.send(1, socket.address)
}
