import { ends } from '../sockets/reasons.ts'
import type { End } from '../sockets/connection.ts'
import type { BINARY, TEXT } from './opcodes.ts'

/** A message: what came, and as what. */
export type Message = [message: string, opcode: typeof TEXT] | [message: Buffer, opcode: typeof BINARY]

/** What `receive` returns: a message, or how the connection ended. */
export type ReceiveResult =
  Message | [message: undefined, opcode: undefined, wasClean: boolean, code: number, reason: string]

/** What `connect` returns: the subprotocol that the server chose and the headers of its answer, or why there is no connection. */
export type ConnectResult =
  | [ok: true, protocol: string | undefined, headers: Record<string, string>]
  | [ok: undefined, error: string, headers: Record<string, string> | undefined]

/** What `send` returns: that it was taken, or how the connection ended. */
export type SendResult = [ok: true] | [ok: undefined, wasClean: boolean, code: number, reason: string]

/** What `close` returns: how the connection ended. */
export type CloseResult = [wasClean: boolean, code: number, reason: string]

/** An end, as `close` returns it. */
export function toCloseResult({ wasClean, code, reason }: End): CloseResult {
  return [wasClean, code, reason]
}

/** An end, as `receive` returns it. */
export function toReceiveResult({ wasClean, code, reason }: End): ReceiveResult {
  return [undefined, undefined, wasClean, code, reason]
}

/** An end, as `send` returns it. */
export function toSendResult({ wasClean, code, reason }: End): SendResult {
  return [undefined, wasClean, code, reason]
}

/** What `send` returns nearly always: nobody can change it, so that all calls share it. */
export const accepted: SendResult = Object.freeze([true]) as unknown as SendResult

/** What `send` returns when a caller that does not wait fills the queue. */
export function queueFull(): SendResult {
  return [undefined, false, ends.wrongState.code, 'queue full']
}
