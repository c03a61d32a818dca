import type { PortFactory, PortOptions } from '../port/port-factory.ts'
import { SendBuffer } from '../port/send-buffer.ts'
import { UdpSocket } from './udp-socket.ts'

/** Sockets of `node:dgram`. Datagrams leave one after the other, so all of them are written in the same memory. */
export class DgramPorts implements PortFactory {
  readonly #sendBuffer = new SendBuffer()

  open(options: PortOptions): UdpSocket {
    return UdpSocket.open({ ...options, sendBuffer: this.#sendBuffer })
  }
}
