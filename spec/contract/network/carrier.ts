import type * as network from 'udpipe/network'
import type { NetworkRig } from '../../support/network-rig.ts'

/** What carries tables in a contract: a transport, and the way between the two ends. */
export interface Carrier {
  readonly name: string
  readonly transport: 'tcp' | 'udp'
  /** What both sides of every connection are given. */
  readonly options: network.ConnectionOptions
  /** What a client hears when nobody listens, and when its key is another. */
  readonly refusal: string
  readonly modeMismatch: string
  /** What a client is given so that it gives up soon where nobody answers. */
  readonly hasty: network.ClientOptions
  /** Opens a server, and says where clients reach it. */
  open(rig: NetworkRig, key?: string, options?: network.ServerOptions): Promise<Reachable>
}

/** A server, and where clients reach it. */
export interface Reachable {
  readonly server: network.Server
  readonly address: string
  readonly port: number
}

/** A connection between a server and a client of one rig. */
export interface Connected extends Reachable {
  readonly client: network.Client
  readonly connection: network.ClientConnection
}

/** Opens both, and waits until each side knows of the other. */
export async function connect(
  carrier: Carrier,
  rig: NetworkRig,
  {
    key = '',
    server = {},
    client = {},
  }: { key?: string; server?: network.ServerOptions; client?: network.ClientOptions } = {},
): Promise<Connected> {
  const reachable = await carrier.open(rig, key, server)
  return { ...reachable, ...(await join(carrier, rig, reachable, key, client)) }
}

/** One more client of a server. */
export async function join(
  carrier: Carrier,
  rig: NetworkRig,
  { address, port }: Reachable,
  key = '',
  options: network.ClientOptions = {},
): Promise<{ client: network.Client; connection: network.ClientConnection }> {
  const before = rig.of(1).length
  const client = await rig.client(address, port, key, { ...carrier.options, ...options })
  const { Object: connection } = await rig.last(1, before + 1)
  await rig.until(() => rig.of(2).some((event) => event.Object === client), 'CONNECTED')
  return { client, connection }
}
