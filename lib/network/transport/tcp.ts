import { connect, createServer, type AddressInfo, type Server as NetServer } from 'node:net'
import { once } from 'node:events'
import type { Target } from '../link/arguments.ts'
import type { LinkNetwork, LinkOwner } from '../link/link.ts'
import type { Settings } from '../link/options.ts'
import { result, type Result } from '../link/result.ts'
import { cipherKeyOf, listenFailure, type Listener, type ListenerHost } from './listener.ts'
import { TcpLink, withoutPrefix } from './tcp-link.ts'

/** How many may wait to be accepted. */
const BACKLOG = 1_024

/** Listens on TCP. */
export async function listenTcp(host: ListenerHost, target: Target): Promise<Listener | Result> {
  const { network, settings } = host
  const cipherKey = cipherKeyOf(target)
  const server = createServer({ allowHalfOpen: false, noDelay: true }, (socket) => {
    const socketId = network.nextSocketId()
    host.addHandshake(new TcpLink(socket, { role: 'server', cipherKey, socketId, owner: host, network, settings }))
  })
  try {
    server.listen({ host: target.address, port: target.port, backlog: BACKLOG })
    await once(server, 'listening')
  } catch (error) {
    return listenFailure(error as NodeJS.ErrnoException, target)
  }
  server.on('error', ({ message }) => host.handleStranger(result('ERR_SOCKET', `accepting a connection: ${message}`)))
  if (settings.unref) server.unref()
  const { address, port } = server.address() as AddressInfo
  return { address: withoutPrefix(address), port, close: () => closed(server) }
}

/** Dials by TCP. */
export function dialTcp(
  owner: LinkOwner,
  network: LinkNetwork & { nextSocketId(): number },
  settings: Settings,
  target: Target,
): TcpLink {
  const { address: host, port } = target
  const socket = connect({ host, port, noDelay: true, autoSelectFamily: false })
  const socketId = network.nextSocketId()
  return new TcpLink(socket, { role: 'client', cipherKey: cipherKeyOf(target), socketId, owner, network, settings })
}

function closed(server: NetServer): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}
