import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { parameter, type Workload } from './workload.ts'

const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024
const BATCH = 32

/** Datagrams of Node's own sockets, with nothing on top: no adapter is asked. With `outstanding` they are sent back, else only counted. */
export const floor: Workload = {
  async serve(_adapter, { host }, parameters) {
    let messages = 0
    const isEcho = (parameters['outstanding'] ?? 0) > 0
    const socket = open()
    socket.on('message', (datagram: Buffer, source: RemoteInfo) => {
      messages += 1
      if (isEcho) socket.send(datagram, source.port, source.address)
    })
    socket.bind(0, host)
    await once(socket, 'listening')
    return { port: socket.address().port, counters: () => ({ messages }) }
  },

  async drive(_adapter, { host, port }, parameters) {
    const socket = open()
    socket.connect(port, host)
    await once(socket, 'connect')
    const message = Buffer.alloc(parameter(parameters, 'bytes'), 'd')
    let messages = 0
    socket.on('error', () => {})
    socket.on('message', () => {
      messages += 1
      socket.send(message)
    })
    const outstanding = parameters['outstanding'] ?? 0
    for (let i = 0; i < outstanding; i++) socket.send(message)
    if (outstanding === 0) sendForEver(socket, message)
    return { counters: () => ({ messages }) }
  },
}

function sendForEver(socket: Socket, message: Buffer): void {
  for (let i = 0; i < BATCH; i++) socket.send(message)
  setImmediate(() => sendForEver(socket, message))
}

function open(): Socket {
  return createSocket({ type: 'udp4', recvBufferSize: RECEIVE_BUFFER_BYTES })
}
