import { UDPipeError } from '../core/errors.ts'
import type { ClockOptions } from './clock.ts'
import { resolveLink, type LinkOptions, type Partition } from './link-options.ts'
import {
  invalid,
  requireFinite,
  requireFunction,
  requireHost,
  requireNames,
  type OptionNames,
} from './option-checks.ts'

/** How the program of a {@link World} runs that has a UDPipe. */
export interface LoopOptions {
  /**
   * Steps so many times a second, as a game's main loop does; above 0 and at most 1,000. Default: as datagrams arrive and deadlines fall due, as
   * `run()` does.
   */
  readonly hz?: number | undefined
  /** When the first of those steps is, in the simulation's time from now. Default: one interval from now. Needs `hz`. */
  readonly phaseMs?: number | undefined
  /** What the main loop does behind each `step(dt)`: the game itself. `dt` is in seconds. Needs `hz`. */
  readonly onTick?: ((dt: number) => void) | undefined
  /** Spans of the simulation's time in which the program does nothing at all. Default none. */
  readonly pauses?: readonly Partition[] | undefined
  /** The machine's own clock. Default: the simulation's. */
  readonly clock?: ClockOptions | undefined
  /** How many datagrams wait in each of its sockets for the next step. Default 16,384. */
  readonly inboxDatagrams?: number | undefined
}

/** Options of {@link World.start}. */
export interface StartOptions extends LoopOptions {
  /** How the trace calls it. Default `server`, then `server 2` and so on. */
  readonly name?: string | undefined
  /** Its numeric address. Default `10.0.0.1`. */
  readonly host?: string | undefined
}

/** Options of {@link World.connect}. */
export interface ConnectOptions extends LoopOptions {
  /** How the trace calls it. Default `client 1` and so on. */
  readonly name?: string | undefined
  /** Its numeric address. Default: a host of its own. Clients on one host share its links. */
  readonly host?: string | undefined
  /** Its port. Default 50,000; the next one that is free when it is taken. */
  readonly port?: number | undefined
  /** Where the server is, a numeric address. Default: the host of the one that was started last. */
  readonly server?: string | undefined
  /** What the links to and from its host do, over the world's default. */
  readonly link?: LinkOptions | undefined
  /** What the link to the server does, over `link`. */
  readonly uplink?: LinkOptions | undefined
  /** What the link from the server does, over `link`. */
  readonly downlink?: LinkOptions | undefined
  /** Whether it is behind a NAT that shows each destination another port. Default false. */
  readonly mapsPerDestination?: boolean | undefined
}

const loopNames = {
  hz: true,
  phaseMs: true,
  onTick: true,
  pauses: true,
  clock: true,
  inboxDatagrams: true,
} satisfies OptionNames<LoopOptions>

const startNames = { ...loopNames, name: true, host: true } satisfies OptionNames<StartOptions>

const connectNames = {
  ...startNames,
  port: true,
  server: true,
  link: true,
  uplink: true,
  downlink: true,
  mapsPerDestination: true,
} satisfies OptionNames<ConnectOptions>

const MAX_HZ = 1_000

/**
 * Checks the options of {@link World.start}.
 *
 * @throws RangeError, UDPipeError `ERR_OPTION_UNKNOWN`, `ERR_OPTION_INVALID`
 */
export function requireStartOptions(options: StartOptions): void {
  requireNames('start', options, startNames)
  if (options.host !== undefined) requireHost('host', options.host)
  requireLoopOptions(options)
}

/**
 * Checks the options of {@link World.connect}.
 *
 * @throws RangeError, UDPipeError `ERR_OPTION_UNKNOWN`, `ERR_OPTION_INVALID`
 */
export function requireConnectOptions(options: ConnectOptions): void {
  requireNames('connect', options, connectNames)
  const { port, server, link = {}, uplink = {}, downlink = {} } = options
  if (options.host !== undefined) requireHost('host', options.host)
  if (server !== undefined) requireHost('server', server)
  if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65_535)) {
    throw new RangeError(`port must be a whole number from 1 to 65535; it was ${String(port)}.`)
  }
  for (const settings of [link, uplink, downlink]) resolveLink(settings)
  requireLoopOptions(options)
}

function requireLoopOptions({ hz, phaseMs, onTick, inboxDatagrams }: LoopOptions): void {
  if (hz !== undefined && !(typeof hz === 'number' && hz > 0 && hz <= MAX_HZ)) {
    throw new RangeError(
      `hz must be above 0 and at most ${MAX_HZ}; it was ${String(hz)}. Without it, the program runs as run() does.`,
    )
  }
  if (phaseMs !== undefined) requireFinite('phaseMs', phaseMs, 0)
  if (onTick !== undefined) requireFunction('onTick', onTick)
  if (hz === undefined && (phaseMs ?? onTick) !== undefined) {
    throw new UDPipeError(
      'ERR_OPTION_INVALID',
      `${onTick === undefined ? 'phaseMs' : 'onTick'} needs hz: the steps a second of the main loop.`,
    )
  }
  if (inboxDatagrams !== undefined && !(inboxDatagrams >= 1))
    throw invalid('inboxDatagrams', 'at least 1', inboxDatagrams)
}
