import type { SessionSettings } from '../../lib/session/settings.ts'

/** The settings that the public class uses when no option is given, with changes. */
export function createSettings(changes: Partial<SessionSettings> = {}): SessionSettings {
  return {
    timeoutMs: 10_000,
    stallTimeoutMs: 1_000,
    pingIntervalMs: 500,
    handshakeTimeoutMs: 5_000,
    resumeWindowMs: 30_000,
    reconnect: { minDelayMs: 250, maxDelayMs: 8_000, attempts: Infinity },
    queueWhileAway: true,
    maxQueuedMessages: 8_192,
    maxQueuedBytes: 4 * 1024 * 1024,
    maxMessagesPerSecond: 100_000,
    maxBytesPerSecond: Infinity,
    maxMessageBytes: 16 * 1024 * 1024,
    mtuBytes: 1_200,
    ...changes,
  }
}
