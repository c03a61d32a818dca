import type { LinkSocket } from './datagram-port.ts'

/** Opens the sockets of one UDPipe. */
export interface PortFactory {
  /**
   * Opens and binds a socket; its address is known when this returns.
   *
   * @throws UDPipeError `ERR_ADDRESS_IN_USE`, `ERR_ADDRESS_NOT_AVAILABLE`, `ERR_ACCESS`, `ERR_SOCKET`; `ERR_ARGUMENT_INVALID` when
   *   `host` is a name
   */
  open(options: PortOptions): LinkSocket
}

/** How a socket is opened. */
export interface PortOptions extends PortSettings {
  /** The numeric address to bind; `0.0.0.0` is every IPv4 address of this machine, `::` usually the IPv4 ones too. */
  readonly host: string
  /** The port to bind; 0 is any free one. */
  readonly port: number
  /** Called once, when the socket is closed and its port free again. */
  readonly onClose?: () => void
}

/** What does not depend on which socket is opened. */
export interface PortSettings {
  /** Monotonic milliseconds, to stamp what arrives. */
  readonly clock: () => number
  /** The receive buffer to ask the kernel for. Default 4 MiB. */
  readonly receiveBufferBytes?: number
  /** Whether the process may end while the socket is open. Default `false`. */
  readonly isUnref?: boolean
  /** How many datagrams wait for a kernel that takes no more at the moment; a longer queue only adds delay. Default 256. */
  readonly maxWaitingDatagrams?: number
  /**
   * Called with the system's code for an ICMP error (`ECONNREFUSED`) or a failed send (`EMSGSIZE`, `ENETUNREACH`): usually from the
   * event loop, but also from within `send`, `setPeer` and `unsetPeer`.
   */
  readonly onHint?: (code: string) => void
  /** Called with what the user should know of the machine, once in a process. */
  readonly onAdvice?: (sentence: string) => void
}
