import { createSocket, type Socket } from 'node:dgram'
import { UDPipeError } from '../core/errors.ts'
import { isBunHere, openBunSocket } from './bun-socket.ts'
import type { DatagramSocket } from './datagram-socket.ts'
import { socketTypeFor } from './host-spelling.ts'
import { toOpenError } from './socket-error.ts'

/** Deno forgets no port, and frees one only after `close` returned. */
const isDenoHere = 'Deno' in globalThis

/** How often another process may snatch the port that was just found free. */
const MAX_FREE_PORT_ATTEMPTS = 8

/**
 * Opens a socket and binds it before it returns; port 0 is any free one.
 *
 * @throws UDPipeError `ERR_ADDRESS_IN_USE`, `ERR_ADDRESS_NOT_AVAILABLE`, `ERR_ACCESS`, `ERR_SOCKET`
 */
export function bindSocket(host: string, port: number): DatagramSocket {
  if (isBunHere) return openBunSocket(host, port)
  return port === 0 && !isDenoHere ? bindToFreePort(host) : bind(host, port)
}

/**
 * Binds a port that the kernel finds free.
 *
 * The kernel chooses it for one socket and another one binds it by its number, because Linux forgets the port of a socket that it
 * chose itself as soon as that is disconnected, and `unsetPeer` would move the socket to another port.
 */
function bindToFreePort(host: string): Socket {
  for (let attempt = 1; ; attempt += 1) {
    const probe = bind(host, 0)
    const { port } = probe.address()
    probe.close()
    try {
      return bind(host, port)
    } catch (error) {
      const isSnatched = error instanceof UDPipeError && error.code === 'ERR_ADDRESS_IN_USE'
      if (!isSnatched || attempt === MAX_FREE_PORT_ATTEMPTS) throw error
    }
  }
}

/** Binds a socket at once: with {@link lookupNumeric} there is no name to wait for, and `exclusive` spares a cluster's worker asking its primary. */
function bind(host: string, port: number): Socket {
  const socket = createSocket({ type: socketTypeFor(host), lookup: lookupNumeric })
  let failure: Error | undefined
  socket.once('error', (error) => (failure = error))
  socket.bind({ address: host, port, exclusive: true })
  socket.removeAllListeners('error')
  if (failure === undefined) return socket
  socket.close()
  throw toOpenError(failure, { host, port })
}

/**
 * Stands in for `dns.lookup` and calls back before it returns, which makes `bind`, `connect` and an unconnected `send` synchronous:
 * each of them looks its host up first, and goes on in the callback. Hosts are numeric here.
 */
function lookupNumeric(
  host: string,
  options: unknown,
  callback: (error: null, address: string, family: number) => void,
): void {
  callback(null, host, typeof options === 'number' ? options : 0)
}
