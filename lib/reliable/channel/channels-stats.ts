/** What the channels of a connection count, besides what a session shows. */
export interface ChannelsStats {
  /** Frames that arrived and were here before: copies, and what was sent again in vain. */
  duplicates: number
  /** Frames that nobody sends who keeps to the protocol. */
  violations: number
  /** Frames of latest messages, or that begin a reliable one, that there was no room for, so that they have to come again. */
  refused: number
  /** Sequenced and unreliable messages that arrived and that there was no room for. */
  droppedUnread: number
  /** Sequenced messages and latest ones that arrived after a newer one. */
  droppedLate: number
  /** Sequenced, unreliable and latest messages that were dropped before all of their fragments had arrived. */
  droppedIncomplete: number
  /** Latest messages that a newer one replaced before they were sent. */
  replaced: number
}

/** Stats in which nothing has happened yet. */
export function createChannelsStats(): ChannelsStats {
  return {
    duplicates: 0,
    violations: 0,
    refused: 0,
    droppedUnread: 0,
    droppedLate: 0,
    droppedIncomplete: 0,
    replaced: 0,
  }
}
