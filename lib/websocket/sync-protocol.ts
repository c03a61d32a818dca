import type { MessagePort } from 'node:worker_threads'
import type { ClientTls } from '../sockets/limits.ts'
import type { DataOpcode } from '../sockets/connection.ts'
import type { ErrorCode } from '../sockets/errors.ts'
import type { ClientSettings } from './options.ts'

// What a thread that blocks and the worker that does its work tell each other.

/** What a client is asked, by its number. */
export type SyncRequest = { readonly client: number } & (
  | {
      readonly method: 'connect'
      readonly settings: ClientSettings
      readonly url: string
      readonly protocols: readonly string[]
      readonly tls: ClientTls | undefined
    }
  | { readonly method: 'send'; readonly message: string | Uint8Array; readonly opcode: DataOpcode }
  | { readonly method: 'close'; readonly code: number; readonly reason: string }
  | { readonly method: 'receive' | 'tryReceive' | 'terminate' | 'look' }
  /** Nobody has the client any more. There is no answer. */
  | { readonly method: 'forget' }
)

/** What came of it. */
export type SyncReply =
  { readonly result: unknown } | { readonly error: { readonly code: ErrorCode | undefined; readonly message: string } }

/** What the worker is started with. */
export interface SyncWorkerData {
  readonly port: MessagePort
  readonly flags: Int32Array
}

/** The places of the memory that both threads see. */
export const flag = {
  /** Goes up with every reply: what the blocked thread sleeps on. */
  replies: 0,
  /** Goes up as long as the worker lives and works on a request. */
  beats: 1,
  /** 1 when the worker listens. */
  isReady: 2,
  /** 1 when the worker has ended. */
  isDead: 3,
} as const

export const FLAG_COUNT = 4

/** How often the worker shows that it lives, while somebody waits. */
export const BEAT_INTERVAL_MS = 250

/** Bytes that fill their memory alone, so that they can be handed to another thread as they are. */
export function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes
  const isAlone = bytes.byteLength === buffer.byteLength && buffer instanceof ArrayBuffer
  return isAlone ? new Uint8Array(buffer) : new Uint8Array(bytes)
}
