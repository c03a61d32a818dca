import type { ConnectTokenSource } from './connect-token.ts'
import type { HelloSource } from './hello.ts'
import type { Address } from '../core/address.ts'
import type { Delivery } from '../session/delivery.ts'
import type { FrontDoorLimits } from '../session/hello-gate.ts'
import type { ProtocolName } from '../session/session.ts'
import type { ReconnectSettings } from '../session/settings.ts'

/** Where lines go that nobody called for: `console` is one. */
export interface Logger {
  debug(line: string): void
  warn(line: string): void
}

/** What `new UDPipe(options)`, and the last argument of `start` and `connect`, may name. Units are in the names. */
export interface UDPipeOptions extends Partial<FrontDoorLimits> {
  /** The port `start` listens on, or `connect` dials, when the call names none. 0 is any free one. Default 0. */
  readonly port?: number
  /** The address `start` binds (default `'0.0.0.0'`), or the host `connect` dials (default `'127.0.0.1'`). */
  readonly host?: string
  /** The handshake token; both sides must have the same. Default `''`. */
  readonly token?: string
  /** What a client speaks. Default `'reliable'`. */
  readonly protocol?: ProtocolName
  /** What a server's front door answers. Default `['reliable']`. */
  readonly protocols?: readonly ProtocolName[]
  /**
   * How packets are protected: `'noise'`, the default, encrypts everything; `'none'` lets everybody on the path read and change it.
   * Both ends must have the same. The classic protocol knows only `'none'`, whatever stands here.
   */
  readonly security?: 'noise' | 'none'
  /**
   * Client: the server's public key, 32 bytes or their base64url, as `generateServerKey` makes it. No other server is talked to, not
   * even one that knows the token.
   */
  readonly serverKey?: string | Uint8Array
  /** Server: the private key to it. Clients without `serverKey` are served, too. */
  readonly serverPrivateKey?: string | Uint8Array
  /** Server: how many clients may be connected or connecting; beyond it `onMaxClients`. 1 to 65,535, default 1,024. */
  readonly maxClients?: number
  /** Server: how many of them may be of one address (of one /64 of IPv6). 1 and up, default `Infinity`: many share one behind a NAT. */
  readonly maxClientsPerAddress?: number
  /**
   * Server: the key, or up to 4 with the newest first, of the backend's connect tokens: 32 random bytes each, or these as base64url. Then
   * a client needs such a token, and `token` lets nobody in. Default none.
   */
  readonly connectTokenKey?: Uint8Array | string | readonly (Uint8Array | string)[]
  /**
   * Server: the addresses by which connect tokens may name it, `'192.0.2.1:1234'` or `'[2001:db8::1]:1234'`. Default: the bound one, and
   * `advertisedHost` with the bound port; a server that is bound to every address, and told none, takes tokens for any server.
   */
  readonly publicAddresses?: readonly string[]
  /** Server: how many used connect tokens are remembered until they expire; beyond it nobody is let in. Default 65,536. */
  readonly maxUsedTokens?: number
  /** Client: a connect token of `createConnectToken`, or a function that gets one whenever one is needed. Default none. */
  readonly connectToken?: string | ConnectTokenSource
  /**
   * Client: what its HELLO carries for the server's `onNewClient`, at most 512 bytes: a name, a version, credentials. A string is sent as
   * UTF-8. A function is called each time that a HELLO is made; one that nobody answered is said again as it was, for up to 30 s. With
   * `security: 'noise'` it is sealed, by the token and, where it is given, the `serverKey`; who has the token alone can read it where there
   * is no `serverKey`. A captured HELLO can be replayed: what it carries is proved only once `onConnect` fires. Default none. Reliable
   * protocol only.
   */
  readonly hello?: string | Uint8Array | HelloSource
  /** Server: how long a promise of `onNewClient` may take before its client is refused. 50 to 600,000 ms, default 5,000. */
  readonly admissionTimeoutMs?: number
  /** Silence that ends a connection. 50 to 86,400,000 ms, default 10,000. */
  readonly timeoutMs?: number
  /** Silence that stalls a connection: what is sent then waits. 20 to 86,400,000 ms, default 1,000. */
  readonly stallTimeoutMs?: number
  /** Silence after which a PING asks for a sign of life; less than both of the above. 10 ms and up, default 500. */
  readonly pingIntervalMs?: number
  /** How long each half of the handshake may take. 50 to 600,000 ms, default 5,000. */
  readonly handshakeTimeoutMs?: number
  /**
   * Server: how long a connection that was lost is kept for its client to come back to, so that nothing is lost with it. It
   * takes no place from newcomers. 0 to 86,400,000 ms, 0 for not at all; default 30,000. Reliable peers only.
   */
  readonly resumeWindowMs?: number
  /**
   * Client: whether, and how, it dials again after a lost connection, a refusal or no answer. Default `true`: from 250 ms
   * doubling to 8 s, with jitter, for ever.
   */
  readonly reconnect?: boolean | Partial<ReconnectSettings>
  /**
   * Client: whether what was sent while there was no connection goes out on the next one, behind what `onConnect` sends. With `false`
   * it goes to `onUndelivered` instead, if the connection is not resumed. What is sent before the first connection always waits. Default `true`.
   */
  readonly queueWhileAway?: boolean
  /**
   * Server: where private ports are opened: any free port (the default), or a range for a firewall. `'shared'` opens none: every
   * client stays at the front door's own port, where that is all that can be published.
   */
  readonly privatePorts?: PortRange | 'shared'
  /**
   * Server: the numeric address that CONNECT names, when the bound one is not the one to be reached at; or one for each family. A
   * client of a family that none is given for stays with the address that it dialed.
   */
  readonly advertisedHost?: string | readonly string[]
  /** The largest message. 1 byte to 256 MiB, default 16 MiB; the classic protocol carries at most `mtuBytes`. */
  readonly maxMessageBytes?: number
  /** How many messages may wait for one peer. Default 8,192. */
  readonly maxQueuedMessages?: number
  /** How many bytes of messages may wait for one peer. Default 4 MiB. */
  readonly maxQueuedBytes?: number
  /**
   * How many messages a second are taken from one peer, a packet counting as one at least. 100 to `Infinity`, default 100,000:
   * a gigabit link full of whole datagrams stays below it.
   */
  readonly maxMessagesPerSecond?: number
  /** How many bytes a second are taken from one peer. 65,536 to `Infinity`, the default. */
  readonly maxBytesPerSecond?: number
  /** The largest UDP payload this end sends. 512 to 65,507 bytes, default 1,200. */
  readonly mtuBytes?: number
  /** The receive buffer asked of the kernel for each socket. Default 4 MiB. */
  readonly receiveBufferBytes?: number
  /** A default delivery for each channel that is listed. Reliable peers only. Default `{}`. */
  readonly channels?: Readonly<Record<number, ChannelOptions>>
  /** How many copies of unconfirmed messages a reliable peer sends ahead of any loss. Default `'auto'`. */
  readonly redundancy?: 'auto' | 'off' | number
  /** Where debug lines and hints go. Default: standard error. */
  readonly logger?: Logger
  /** A readable line for each datagram and event, as `setDebug(true)`. Default `false`. */
  readonly debug?: boolean
  /** Whether the process may end while this UDPipe is open: its sockets, and the timers of `run`, do not keep it alive. Default `false`. */
  readonly unref?: boolean
  /** Client: gives up dialing when it aborts before a connection has stood; afterwards it means nothing. Default none. */
  readonly signal?: AbortSignal
  /** Monotonic milliseconds. Default: the machine's clock. */
  readonly clock?: () => number
  /** As many random bytes as asked for. Default: the operating system's. */
  readonly random?: (lengthBytes: number) => Uint8Array
}

/** A range of ports, both ends included. */
export interface PortRange {
  readonly min: number
  readonly max: number
}

/** What a channel is for. */
export interface ChannelOptions {
  readonly delivery: Delivery
  /** 0 goes first, then 1 (the default), 2 and 3. */
  readonly priority?: number
}

/** Options after parsing: complete, in range, frozen. */
export interface Options extends FrontDoorLimits {
  readonly port: number
  readonly host: string | undefined
  readonly token: string
  readonly protocol: ProtocolName
  readonly protocols: readonly ProtocolName[]
  readonly security: 'noise' | 'none'
  readonly serverKey: Uint8Array | undefined
  readonly serverPrivateKey: Uint8Array | undefined
  readonly maxClients: number
  readonly maxClientsPerAddress: number
  readonly connectTokenKey: readonly Uint8Array[] | undefined
  readonly publicAddresses: readonly Address[] | undefined
  readonly maxUsedTokens: number
  readonly connectToken: string | ConnectTokenSource | undefined
  readonly hello: Uint8Array | HelloSource | undefined
  readonly admissionTimeoutMs: number
  readonly timeoutMs: number
  readonly stallTimeoutMs: number
  readonly pingIntervalMs: number
  readonly handshakeTimeoutMs: number
  readonly resumeWindowMs: number
  readonly reconnect: ReconnectSettings | false
  readonly queueWhileAway: boolean
  readonly privatePorts: PortRange | 'shared' | undefined
  readonly advertisedHost: readonly string[]
  readonly maxMessageBytes: number
  readonly maxQueuedMessages: number
  readonly maxQueuedBytes: number
  readonly maxMessagesPerSecond: number
  readonly maxBytesPerSecond: number
  readonly mtuBytes: number
  readonly receiveBufferBytes: number
  readonly channels: Readonly<Record<number, ChannelOptions>>
  readonly redundancy: 'auto' | 'off' | number
  readonly logger: Logger | undefined
  readonly debug: boolean
  readonly unref: boolean
  readonly signal: AbortSignal | undefined
  readonly clock: () => number
  readonly random: (lengthBytes: number) => Uint8Array
}
