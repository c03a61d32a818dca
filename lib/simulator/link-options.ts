import { invalid, requireNames, requireSpan, type OptionNames } from './option-checks.ts'

/** What a link does to datagrams. Every default is that of a perfect link: nothing lost, nothing late. */
export interface LinkOptions {
  /** How long every datagram takes, in milliseconds. Default 0. */
  readonly delayMs?: number
  /** What is added to the delay, uniformly from 0 up to this. Default 0. */
  readonly jitterMs?: number
  /** Whether jitter never lets a datagram overtake an earlier one, as jitter that comes from queues does. Default false. */
  readonly keepOrder?: boolean
  /** Share of the datagrams that are lost, each independently of the others, 0 to 1. Default 0. */
  readonly loss?: number
  /** Losses that come in bursts, on top of `loss`. Default none. */
  readonly burst?: BurstOptions | undefined
  /** Share of the datagrams that arrive twice, the copy with a jitter of its own, 0 to 1. Default 0. */
  readonly duplicate?: number
  /** Share of the datagrams that are held up by `reorderDelayMs`, so that later ones overtake them. Default 0. */
  readonly reorder?: number
  /** How long they are held up. Default 10. */
  readonly reorderDelayMs?: number
  /** Share of the datagrams that arrive with one to four bits flipped, 0 to 1. Default 0. */
  readonly corrupt?: number
  /** Share of the datagrams that arrive cut short, 0 to 1. Default 0. */
  readonly truncate?: number
  /** What the link carries, in bits per second of datagrams with their overhead. Default `Infinity`. */
  readonly rateBitsPerSecond?: number
  /** How many datagrams may wait for their turn, the one on the wire included; more are dropped at the tail. Default 1,000. */
  readonly queuePackets?: number
  /** How many bytes may wait for their turn. Default `Infinity`. */
  readonly queueBytes?: number
  /** What each datagram takes of the rate and the queue beyond its payload: 28 for the headers of IPv4 and UDP. Default 0. */
  readonly overheadBytes?: number
  /** Larger payloads vanish without a word, as behind a tunnel that drops its ICMP. Default `Infinity`. */
  readonly mtuBytes?: number
  /** Spans of time in which everything that is sent is lost. Default none. */
  readonly partitions?: readonly Partition[]
  /**
   * Spans of time in which nothing arrives: what is under way comes at their end, in the order in which it was sent, as from a radio that slept
   * or a router that had other things to do. Default none.
   */
  readonly pauses?: readonly Partition[]
  /** How many datagrams may be under way at once, a bound for memory. Default 262,144. */
  readonly maxInFlightPackets?: number
  /** Drops what it answers false for: to lose exactly one datagram of a conversation. Default none. */
  readonly filter?: LinkFilter | undefined
}

/**
 * Losses in bursts after Gilbert (1960) and Elliott (1963): before each datagram the link may change between a good and
 * a bad state. A burst lasts `1 / leaveRate` datagrams on average; the link is bad for
 * `enterRate / (enterRate + leaveRate)` of them.
 */
export interface BurstOptions {
  /** Chance, before each datagram, that a good link turns bad. */
  readonly enterRate: number
  /** Chance, before each datagram, that a bad link turns good. */
  readonly leaveRate: number
  /** Share of the datagrams that a bad link loses. Default 1. */
  readonly loss?: number
}

/** A span of time in milliseconds of the link's clock, from its start up to, not including, its end. */
export interface Partition {
  readonly fromMs: number
  readonly untilMs: number
}

/** Whether a datagram may pass. The bytes are the sender's: they are to be read now and left alone. */
export type LinkFilter = (bytes: Uint8Array, now: number) => boolean

/** Options of which none is missing. */
export type LinkSettings = Required<LinkOptions>

/** A link that changes nothing. */
export const perfectLink: LinkSettings = {
  delayMs: 0,
  jitterMs: 0,
  keepOrder: false,
  loss: 0,
  burst: undefined,
  duplicate: 0,
  reorder: 0,
  reorderDelayMs: 10,
  corrupt: 0,
  truncate: 0,
  rateBitsPerSecond: Infinity,
  queuePackets: 1_000,
  queueBytes: Infinity,
  overheadBytes: 0,
  mtuBytes: Infinity,
  partitions: [],
  pauses: [],
  maxInFlightPackets: 262_144,
  filter: undefined,
}

/**
 * Lays options over settings. What is undefined stays as it is; `burst` and `filter` are none then.
 *
 * @throws RangeError that names the option which is out of its range
 * @throws UDPipeError `ERR_OPTION_UNKNOWN`, `ERR_OPTION_INVALID`
 */
export function resolveLink(options: LinkOptions, base: LinkSettings = perfectLink): LinkSettings {
  requireNames('link', options, perfectLink)
  const settings: LinkSettings = { ...base, ...withoutUndefined(options) }
  for (const name of durationNames) requireAtLeast(name, settings[name], 0)
  for (const name of shareNames) requireShare(name, settings[name])
  for (const name of limitNames) requireAtLeast(name, settings[name], 1)
  requireAtLeast('overheadBytes', settings.overheadBytes, 0)
  if (typeof settings.rateBitsPerSecond !== 'number' || !(settings.rateBitsPerSecond > 0)) {
    throw new RangeError(`rateBitsPerSecond must be more than 0, not ${settings.rateBitsPerSecond}.`)
  }
  if (settings.burst !== undefined) requireBurst(settings.burst)
  const { keepOrder, filter } = settings
  if (typeof keepOrder !== 'boolean') throw invalid('keepOrder', 'true or false', keepOrder)
  if (filter !== undefined && typeof filter !== 'function') throw invalid('filter', 'a function', filter)
  for (const name of ['partitions', 'pauses'] as const) {
    if (!Array.isArray(settings[name])) throw invalid(name, 'a list', settings[name])
  }
  for (const partition of settings.partitions) requireSpan('partition', partition)
  for (const pause of settings.pauses) requireSpan('pause', pause)
  return settings
}

const durationNames = ['delayMs', 'jitterMs', 'reorderDelayMs'] as const
const shareNames = ['loss', 'duplicate', 'reorder', 'corrupt', 'truncate'] as const
const limitNames = ['queuePackets', 'queueBytes', 'mtuBytes', 'maxInFlightPackets'] as const

/** What each option of a burst may be called. */
const burstNames = { enterRate: true, leaveRate: true, loss: true } satisfies OptionNames<BurstOptions>

function withoutUndefined(options: LinkOptions): LinkOptions {
  const given = Object.entries(options).filter(
    ([name, value]) => value !== undefined || name === 'burst' || name === 'filter',
  )
  return Object.fromEntries(given)
}

function requireBurst(burst: BurstOptions): void {
  requireNames('burst', burst, burstNames)
  const { enterRate, leaveRate, loss = 1 } = burst
  requireShare('burst.enterRate', enterRate)
  requireShare('burst.leaveRate', leaveRate)
  requireShare('burst.loss', loss)
}

function requireShare(name: string, value: number): void {
  if (typeof value !== 'number' || !(value >= 0 && value <= 1))
    throw new RangeError(`${name} must be from 0 to 1, not ${value}.`)
}

function requireAtLeast(name: string, value: number, min: number): void {
  const isFiniteEnough = name.endsWith('Ms') ? Number.isFinite(value) : typeof value === 'number'
  if (!(value >= min && isFiniteEnough))
    throw new RangeError(`${name} must be a number of at least ${min}, not ${value}.`)
}
