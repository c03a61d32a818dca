import type { FrontDoorStats } from '../session/front-door.ts'
import type { SessionStats } from '../session/stats.ts'
import type { DatagramPort } from '../port/datagram-port.ts'

/** What one UDPipe has counted over all its sockets and peers, gone ones included. Bytes are UDP payload. */
export interface Counters {
  sentPackets: number
  sentBytes: number
  receivedPackets: number
  receivedBytes: number
  /** Datagrams dropped because an inbox was full: the main loop was away too long, or somebody floods. */
  droppedInbox: number
  /** Datagrams dropped because the kernel took no more. */
  droppedSend: number
  /** Datagrams dropped because they came from an address that is not the peer's. */
  droppedForeign: number
  /** Datagrams dropped because they were not well formed, or not allowed where they arrived. */
  droppedMalformed: number
  /** Packets dropped unopened, as copies of what was here before. */
  droppedDuplicates: number
  /** Packets dropped because a peer sent more than its rate allows. */
  droppedRateLimited: number
  /** Packets of peers that say what nobody says who keeps to the protocol. */
  violations: number
  /** HELLOs with a wrong token. */
  badTokens: number
  /** HELLOs that had to prove, by a cookie, that they come from where they seem to: too many handshakes were half open. */
  retries: number
  /** HELLOs that were dropped because there were too many, of all or of their address. */
  limitedHellos: number
  /** Refusals that were neither answered nor told of, or of which only the program was not told, because there were too many. */
  suppressedRefusals: number
  /** Connect tokens that had expired, had been used, or were for another server. */
  refusedTickets: number
  /** Answers of the front door that did not fit in its queue, and requests that found too many others waiting. */
  droppedAnswers: number
  /** Clients that were sent away: the server was full, had no free port, or its program said no. */
  refusedClients: number
  /** How often a connection that was lost went on: its client came back to it. */
  resumptions: number
  /** Server: connections whose clients might have come back, given up because a newcomer needed their place. */
  evictedClients: number
  /** Sequenced and unreliable messages that waited too long to be sent, and were dropped. */
  droppedStale: number
  /** Private ports that were opened and that nobody came to. */
  abandonedHandshakes: number
  /** ICMP errors and failed sends: hints that never end a connection by themselves. */
  hints: number
}

/** Counters at zero. */
export function createCounters(): Counters {
  return {
    sentPackets: 0,
    sentBytes: 0,
    receivedPackets: 0,
    receivedBytes: 0,
    droppedInbox: 0,
    droppedSend: 0,
    droppedForeign: 0,
    droppedMalformed: 0,
    droppedDuplicates: 0,
    droppedRateLimited: 0,
    violations: 0,
    badTokens: 0,
    retries: 0,
    limitedHellos: 0,
    suppressedRefusals: 0,
    refusedTickets: 0,
    droppedAnswers: 0,
    refusedClients: 0,
    resumptions: 0,
    evictedClients: 0,
    droppedStale: 0,
    abandonedHandshakes: 0,
    hints: 0,
  }
}

/** Adds what a socket dropped. */
export function countSocket({ counters: dropped }: DatagramPort, counters: Counters): void {
  add(counters, dropped, SOCKET_COUNTS)
}

/** Adds what a session counted. */
export function countSession(stats: Readonly<SessionStats>, counters: Counters): void {
  add(counters, stats, SESSION_COUNTS)
}

/** Adds what a front door counted. */
export function countFrontDoor(stats: Readonly<FrontDoorStats>, counters: Counters): void {
  add(counters, stats, FRONT_DOOR_COUNTS)
}

const SOCKET_COUNTS = ['droppedInbox', 'droppedSend'] as const

const SESSION_COUNTS = [
  'droppedForeign',
  'droppedMalformed',
  'droppedDuplicates',
  'droppedRateLimited',
  'violations',
  'droppedStale',
  'resumptions',
] as const

const FRONT_DOOR_COUNTS = [
  'droppedMalformed',
  'badTokens',
  'retries',
  'limitedHellos',
  'suppressedRefusals',
  'refusedTickets',
  'droppedAnswers',
] as const

/** Adds what stands under the same names. */
function add<Name extends keyof Counters>(
  counters: Counters,
  counted: Readonly<Record<Name, number>>,
  names: readonly Name[],
): void {
  for (const name of names) counters[name] += counted[name]
}
