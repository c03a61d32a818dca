/** What a session counts. Packets are datagrams; bytes are UDP payload. */
export interface SessionStats {
  sentPackets: number
  sentBytes: number
  receivedPackets: number
  receivedBytes: number
  /** Messages that left, or began to. */
  sentMessages: number
  receivedMessages: number
  /** Packets that were declared lost, and the bytes they carried. */
  lostPackets: number
  lostBytes: number
  /** Packets that carried something again after a loss, and those bytes. */
  retransmittedPackets: number
  retransmittedBytes: number
  /** Packets that carried copies before any loss was known, and those bytes. */
  redundantPackets: number
  redundantBytes: number
  /** Messages that wait to be sent, and their bytes. */
  queuedMessages: number
  queuedBytes: number
  /** Messages that `send` refused because the queue was full. */
  refusedMessages: number
  /** Sequenced and unreliable messages that waited too long to be sent, and were dropped. */
  droppedStale: number
  /** How often a connection that was lost went on. */
  resumptions: number
  /** Datagrams that were dropped: from an address that is not the peer's, or a CONNECT of another connection. */
  droppedForeign: number
  /** Datagrams that were dropped: not well formed, or not allowed in this state. */
  droppedMalformed: number
  /** Packets that were dropped unopened: one with this number was here before, or it is too old to tell. */
  droppedDuplicates: number
  /** Packets that were dropped: the other side sent more than its rate allows. */
  droppedRateLimited: number
  /** Packets of the other side that say what nobody says who keeps to the protocol; they were dropped. */
  violations: number
  /** What is held of messages that arrived and are incomplete, or wait to be handed over, 64 bytes for each included. */
  heldBytes: number
  /** Smoothed round-trip time and its variance; `NaN` until measured. */
  rttMs: number
  rttVarianceMs: number
  /** How far `peer.clockOffsetMs` may be wrong: half of the round trip it was measured by; `NaN` until measured. */
  clockErrorMs: number
  /** Share of the packets sent that were lost, 0 to 1; `NaN` where the protocol cannot tell. */
  lossRate: number
  /** UDP payload bytes per second, averaged over about a second. */
  sendRate: number
  receiveRate: number
  /** Bytes that may be in flight; `Infinity` where the protocol has no such limit. */
  congestionWindowBytes: number
}

/** Stats in which nothing has happened yet. */
export function createStats(): SessionStats {
  return {
    sentPackets: 0,
    sentBytes: 0,
    receivedPackets: 0,
    receivedBytes: 0,
    sentMessages: 0,
    receivedMessages: 0,
    lostPackets: 0,
    lostBytes: 0,
    retransmittedPackets: 0,
    retransmittedBytes: 0,
    redundantPackets: 0,
    redundantBytes: 0,
    queuedMessages: 0,
    queuedBytes: 0,
    refusedMessages: 0,
    droppedStale: 0,
    resumptions: 0,
    droppedForeign: 0,
    droppedMalformed: 0,
    droppedDuplicates: 0,
    droppedRateLimited: 0,
    violations: 0,
    heldBytes: 0,
    rttMs: NaN,
    rttVarianceMs: NaN,
    clockErrorMs: NaN,
    lossRate: NaN,
    sendRate: 0,
    receiveRate: 0,
    congestionWindowBytes: Infinity,
  }
}
