import { addAbortSignal, type Readable } from 'node:stream'
import type { Framer } from './framers.ts'

/** Where the input goes. */
export interface MessageSink {
  /** Resolves when messages may be sent, for the first time or again; rejects when `signal` aborts. */
  ready(signal: AbortSignal): Promise<void>
  /** Resolves when nothing waits any more; rejects when `signal` aborts. */
  drained(signal: AbortSignal): Promise<void>
  take(message: Buffer): void
}

/** How many messages go between two looks at whether the sink is still ready. */
const BURST_MESSAGES = 32

/**
 * Sends what is read from `source`, until it ends and everything is sent, or `signal` aborts. Nothing is read while the sink is
 * not ready, so that whoever writes to it waits, too.
 *
 * Returns whether it came to the end. Rejects with what reading failed with.
 */
export async function pump(source: Readable, framer: Framer, sink: MessageSink, signal: AbortSignal): Promise<boolean> {
  let burst = 0
  const passOn = async (messages: Iterable<Buffer>): Promise<void> => {
    for (const message of messages) {
      if (burst === 0) await sink.ready(signal)
      burst = (burst + 1) % BURST_MESSAGES
      sink.take(message)
    }
  }
  try {
    await sink.ready(signal)
    for await (const chunk of addAbortSignal(signal, source)) {
      burst = 0
      await passOn(framer.push(chunk as Buffer))
    }
    await passOn(framer.end())
    await sink.drained(signal)
    return true
  } catch (error) {
    if (signal.aborted) return false
    throw error
  }
}
