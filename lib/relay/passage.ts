import type { Address } from '../core/address.ts'
import { Link } from '../simulator/link.ts'
import type { LinkOptions } from '../simulator/link-options.ts'
import type { Random } from '../simulator/random.ts'
import type { UdpSocket } from '../node/udp-socket.ts'

/**
 * One client's way through a relay: a path in each direction, and the socket by which the server knows it, for the front door
 * and the private port alike, as behind a NAT.
 */
export class Passage {
  readonly client: Address
  /** Another one when the server is to see the client at another port. */
  socket: UdpSocket
  readonly up: Link
  readonly down: Link
  /** Where the client talked to last, by the server's port that this stands for: answers come from there. */
  readonly doorways: Map<number, UdpSocket> = new Map<number, UdpSocket>()
  /** When the client was heard last. */
  heardAt: number

  constructor(now: number, client: Address, socket: UdpSocket, random: Random, options: LinkOptions) {
    this.client = client
    this.socket = socket
    this.up = new Link(random.fork('up'), options)
    this.down = new Link(random.fork('down'), options)
    this.heardAt = now
  }

  /** When the next datagram is to be handed on. */
  get nextDeadline(): number {
    return Math.min(this.up.nextDeadline, this.down.nextDeadline)
  }
}
