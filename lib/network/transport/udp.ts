import { UDPipe, type DisconnectInfo, type Peer, type UDPipeOptions, type UndeliveredMessage } from '../../index.ts'
import type { UDPipeError } from '../../core/errors.ts'
import type { Target } from '../link/arguments.ts'
import type { LinkNetwork, LinkOwner } from '../link/link.ts'
import type { ClientSettings, Settings } from '../link/options.ts'
import { result, type Result } from '../link/result.ts'
import { frameTypes } from '../wire/frame.ts'
import { listenFailure, type Listener, type ListenerHost } from './listener.ts'
import { UdpLink } from './udp-link.ts'

const DAY_MS = 86_400_000
const MIN_TIMEOUT_MS = 50
const MAX_HANDSHAKE_TIMEOUT_MS = 600_000
/** UDPipe's own defaults, as far as a short timeout has room for them. */
const PING_INTERVAL_MS = 500
const STALL_TIMEOUT_MS = 1_000
/** What UDPipe's queue takes beyond ours, so that ours is the one that is full: a limit and a goodbye. */
const SPARE_MESSAGES = 16
const SPARE_BYTES = 64 * 1024

/** Listens on UDP. */
export function listenUdp(host: ListenerHost, target: Target): Promise<Listener | Result> {
  // An option of UDPipe's that is wrong throws here, and is no result.
  return opened(new UdpServer(host, target), host, target)
}

async function opened(server: UdpServer, host: ListenerHost, target: Target): Promise<Listener | Result> {
  try {
    const { host: address, port } = await server.start(target.port, target.address)
    server.run().catch((error: unknown) => host.handleStranger(result('ERR_SOCKET', (error as Error).message)))
    return { address, port, close: () => server.close() }
  } catch (error) {
    return listenFailure(error as NodeJS.ErrnoException, target)
  }
}

/** Dials by UDP. */
export function dialUdp(
  owner: LinkOwner,
  network: LinkNetwork & { nextSocketId(): number },
  settings: ClientSettings,
  target: Target,
): UdpLink {
  const client = new UdpClient(settings, target)
  const link = new UdpLink(network.nextSocketId(), owner, network, settings, client)
  client.dial(link)
  return link
}

/** The front door of a server, and the links of those who came through it. */
class UdpServer extends UDPipe {
  readonly #host: ListenerHost

  constructor(host: ListenerHost, target: Target) {
    const { settings } = host
    super({
      ...pipeOptions(settings, target),
      maxClients: settings.maxConnections,
      handshakeTimeoutMs: settings.handshakeTimeoutMs,
      resumeWindowMs: 0,
    })
    this.#host = host
  }

  override onConnect(peer: Peer): void {
    const { network, settings } = this.#host
    const link = new UdpLink(network.nextSocketId(), this.#host, network, settings, peer)
    peer.userData = link
    this.#host.addHandshake(link)
    link.handlePeer(peer)
  }

  override onNewMessage(message: Buffer, peer: Peer): void {
    linkOf(peer)?.handleMessage(message)
  }

  override onUndelivered(messages: readonly UndeliveredMessage[], peer: Peer | undefined): void {
    linkOf(peer)?.handleUndelivered(countTables(messages))
  }

  override onDisconnect(peer: Peer, info: DisconnectInfo): void {
    linkOf(peer)?.handleDisconnect(info)
  }

  override onBadToken(_message: Buffer, ip: string, port: number): void {
    this.#host.handleStranger(result('ERR_KEY_MISMATCH', `${ip}, port ${port}, has another cipher key, or none`))
  }

  override onMaxClients(_message: Buffer, ip: string, port: number): void {
    this.#host.handleStranger(result('ERR_FULL', `${ip}, port ${port}, is one more than the server takes`))
  }

  override onError(error: UDPipeError): void {
    // What concerns one connection is told of that one.
    if (error.code !== 'ERR_QUEUE_FULL') this.#host.handleStranger(result(error.code, error.message))
  }
}

/** A client's end. */
class UdpClient extends UDPipe {
  readonly #target: Target
  #link: UdpLink | undefined

  constructor(settings: ClientSettings, target: Target) {
    const handshakeTimeoutMs = Math.min(settings.connectTimeoutMs, MAX_HANDSHAKE_TIMEOUT_MS)
    super({ ...pipeOptions(settings, target), reconnect: false, handshakeTimeoutMs })
    this.#target = target
  }

  dial(link: UdpLink): void {
    this.#link = link
    const { address, port } = this.#target
    this.connect(address, port).catch((error: unknown) => link.handleDialFailure(dialFailure(error as UDPipeError)))
    this.run().catch((error: unknown) => link.handleDialFailure(result('ERR_SOCKET', (error as Error).message)))
  }

  override onConnect(peer: Peer): void {
    this.#link?.handlePeer(peer)
  }

  override onNewMessage(message: Buffer): void {
    this.#link?.handleMessage(message)
  }

  override onUndelivered(messages: readonly UndeliveredMessage[]): void {
    this.#link?.handleUndelivered(countTables(messages))
  }

  override onDisconnect(_peer: Peer, info: DisconnectInfo): void {
    this.#link?.handleDisconnect(info)
  }

  override onError(): void {
    // The promise of connect, and the link, tell of all that matters.
  }
}

function pipeOptions(settings: Settings, { cypherkey }: Target): UDPipeOptions {
  const { maxTableBytes, maxSendBytes, maxSendTables, udp } = settings
  const timeoutMs = settings.timeoutMs === 0 ? DAY_MS : Math.max(MIN_TIMEOUT_MS, settings.timeoutMs)
  return {
    pingIntervalMs: Math.min(PING_INTERVAL_MS, timeoutMs / 4),
    stallTimeoutMs: Math.min(STALL_TIMEOUT_MS, timeoutMs / 2),
    ...udp,
    token: cypherkey === '' ? '' : `network-${cypherkey}`,
    security: 'noise',
    timeoutMs,
    maxMessageBytes: maxTableBytes + 1,
    maxQueuedMessages: Math.min(maxSendTables + SPARE_MESSAGES, 1_000_000),
    maxQueuedBytes: Math.max(maxSendBytes, maxTableBytes) + SPARE_BYTES,
  }
}

function linkOf(peer: Peer | undefined): UdpLink | undefined {
  return peer?.userData instanceof UdpLink ? peer.userData : undefined
}

function countTables(messages: readonly UndeliveredMessage[]): number {
  return messages.filter(({ message }) => message[0] === frameTypes.table).length
}

/** Why dialling failed. A server's reason to say GO AWAY! is in the sentence only. */
function dialFailure({ code, message }: UDPipeError): Result {
  switch (code) {
    case 'ERR_REFUSED':
      if (message.includes('the token is wrong'))
        return result('ERR_KEY_MISMATCH', 'the other side has another cipher key, or none')
      if (message.includes('the server is full'))
        return result('ERR_FULL', 'the server has as many connections as it takes')
      return result('ERR_CONNECT_REFUSED', message)
    case 'ERR_HANDSHAKE_TIMEOUT':
      return result('ERR_CONNECT_TIMEOUT', message)
    case 'ERR_CLOSED':
      return 'OK'
    default:
      return result(code, message)
  }
}
