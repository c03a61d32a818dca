import type { ClientOptions, CloseResult, Message, ReceiveResult, Sendable, SendResult } from 'udpipe/websocket'
import type { RawPeer } from '../../support/raw-peer.ts'

/** An end of a WebSocket under contract, whose calls are awaited whether they block or not. */
export interface Subject {
  state(): Promise<string>
  closed(): Promise<CloseResult | undefined>
  receive(): Promise<ReceiveResult>
  tryReceive(): Promise<Message | undefined>
  send(message: Sendable, type?: number): Promise<SendResult>
  close(code?: number, reason?: string): Promise<CloseResult>
  terminate(): Promise<void>
}

/** A subject that is open, and at its other end a plain TCP socket. */
export interface Pair {
  readonly subject: Subject
  readonly peer: RawPeer
}

/** Makes subjects of one kind. */
export interface Stage {
  readonly name: string
  /** Whether each call blocks, so that there is one at a time. */
  readonly isBlocking: boolean
  /** Whether the subject is the client, which masks. */
  readonly isClient: boolean
  open(options?: ClientOptions): Promise<Pair>
  /** A subject that has never been connected; `undefined` where there is none. */
  unconnected?(): Promise<Subject>
  close(): Promise<void>
}
