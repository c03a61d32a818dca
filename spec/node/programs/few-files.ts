// Run with a low limit of open files: opens private ports until there are no more, then frees one; fails to open many.
import { UDPipeError } from '../../../lib/core/errors.ts'
import { monotonicMs } from '../../../lib/node/clock.ts'
import { PrivatePorts } from '../../../lib/port/private-ports.ts'
import { DgramPorts } from '../../../lib/node/dgram-ports.ts'
import type { LinkSocket } from '../../../lib/port/datagram-port.ts'
import { UdpSocket } from '../../../lib/node/udp-socket.ts'

for (const range of [undefined, { min: 42_000, max: 43_000 }]) {
  const ports = new PrivatePorts(new DgramPorts(), { clock: monotonicMs }, '127.0.0.1', range)
  const sockets: LinkSocket[] = []
  try {
    for (;;) sockets.push(ports.open())
  } catch (error) {
    if (!(error instanceof UDPipeError) || sockets.length === 0) throw error
    console.log(error.code, error.message.includes('ulimit -n'))
  }
  sockets.pop()?.close()
  sockets.push(ports.open())
  for (const socket of sockets) socket.close()
  console.log('opened another one after closing one')
}

const taken = UdpSocket.open({ host: '127.0.0.1', port: 0, clock: monotonicMs })
const codes = new Set<unknown>()
for (let attempt = 0; attempt < 200; attempt += 1) {
  try {
    UdpSocket.open({ ...taken.address, clock: monotonicMs }).close()
  } catch (error) {
    codes.add((error as UDPipeError).code)
  }
}
taken.close()
console.log('200 failures:', ...codes)
