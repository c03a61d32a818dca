import { UDPipeError } from '../core/errors.ts'
import type { LinkSocket, LinkSockets } from './datagram-port.ts'
import { isOutOfSockets, isPortTaken } from './open-error.ts'
import type { PortFactory, PortSettings } from './port-factory.ts'

/**
 * How many ports that other programs hold one `open` passes over, about 10 ms worth: a range that is taken as a whole must not cost
 * a stall for each client that says HELLO. The next `open` goes on where this one gave up.
 */
export const MAX_PORTS_TRIED = 256

/** A range of ports, both ends included. */
interface PortRange {
  readonly min: number
  readonly max: number
}

/** Opens the sockets that clients are moved to: on any free port, or on those of a range. */
export class PrivatePorts implements LinkSockets {
  readonly #ports: PortFactory
  readonly #settings: PortSettings
  readonly #host: string
  readonly #range: PortRange | undefined
  /** The ports of the range that are not open here, the one that was freed last at the end. */
  readonly #free: number[] = []

  /** Every socket is opened at `host` with these settings. */
  constructor(ports: PortFactory, settings: PortSettings, host: string, range?: PortRange) {
    this.#ports = ports
    this.#settings = settings
    this.#host = host
    this.#range = range
    if (range !== undefined) for (let port = range.min; port <= range.max; port += 1) this.#free.push(port)
  }

  /**
   * Opens a socket. In a range, ports that other programs hold are passed over, and a port that was just closed comes last, so that
   * late datagrams to its former client have died out.
   *
   * @throws UDPipeError `ERR_NO_FREE_PORT` when there is none, or no socket to be had; else what {@link PortFactory.open} throws
   */
  open(): LinkSocket {
    return this.#range === undefined ? this.#openAnywhere() : this.#openWithin(this.#range)
  }

  #openAnywhere(): LinkSocket {
    try {
      return this.#ports.open({ ...this.#settings, host: this.#host, port: 0 })
    } catch (error) {
      throw error instanceof UDPipeError && (isPortTaken(error) || isOutOfSockets(error)) ? noFreePort(error) : error
    }
  }

  #openWithin(range: PortRange): LinkSocket {
    const free = this.#free
    let refusal: UDPipeError | undefined
    for (let tries = Math.min(free.length, MAX_PORTS_TRIED); tries > 0; tries -= 1) {
      const port = free.shift()
      if (port === undefined) break
      try {
        return this.#ports.open({ ...this.#settings, host: this.#host, port, onClose: () => free.push(port) })
      } catch (error) {
        free.push(port)
        if (!(error instanceof UDPipeError)) throw error
        if (isOutOfSockets(error)) throw noFreePort(error)
        if (!isPortTaken(error)) throw error
        refusal = error
      }
    }
    throw new UDPipeError(
      'ERR_NO_FREE_PORT',
      `No free private port was found from ${range.min} to ${range.max}: widen privatePorts, or let fewer clients in.`,
      { cause: refusal },
    )
  }
}

function noFreePort(cause: UDPipeError): UDPipeError {
  return new UDPipeError('ERR_NO_FREE_PORT', `No private port can be opened. ${cause.message}`, { cause })
}
