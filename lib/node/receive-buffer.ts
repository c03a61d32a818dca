import type { DatagramSocket } from './datagram-socket.ts'

/**
 * What is asked of the kernel when nobody says otherwise. On Linux it holds 10,000 datagrams of 64 bytes or 3,600 of 1,200 while the
 * main loop is away; the usual 208 KiB hold 512 or 184.
 */
export const DEFAULT_RECEIVE_BUFFER_BYTES: number = 4 * 1024 * 1024

/** Nothing grants less than this. */
const MIN_RECEIVE_BUFFER_BYTES = 64 * 1024

/**
 * Asks the kernel for a receive buffer and returns what it granted, in bytes. Linux and Windows grant what they can of a wish that
 * is too large; the others refuse it as a whole, so it is halved until they agree. `undefined` where the runtime lets nobody ask.
 */
export function requestReceiveBuffer(socket: DatagramSocket, wantedBytes: number): number | undefined {
  if (socket.getRecvBufferSize === undefined) return undefined
  for (let bytes = wantedBytes; !trySetting(socket, bytes) && bytes > MIN_RECEIVE_BUFFER_BYTES;) {
    bytes = Math.max(MIN_RECEIVE_BUFFER_BYTES, Math.floor(bytes / 2))
  }
  const bytes = socket.getRecvBufferSize()
  // Linux keeps its books in the same memory, and reports twice what it grants (socket(7), SO_RCVBUF).
  return process.platform === 'linux' ? bytes / 2 : bytes
}

let hasExplained = false

/** Explains a small receive buffer to the first in this process who meets one; `undefined` for everybody else. */
export function explainOnce(wantedBytes: number, grantedBytes: number | undefined): string | undefined {
  const explanation = hasExplained ? undefined : explainSmallBuffer(wantedBytes, grantedBytes)
  hasExplained ||= explanation !== undefined
  return explanation
}

/** What to tell people whose kernel granted less than was asked; `undefined` when it did not. */
export function explainSmallBuffer(
  wantedBytes: number,
  grantedBytes: number | undefined,
  platform: NodeJS.Platform = process.platform,
): string | undefined {
  if (grantedBytes === undefined) {
    return (
      'This runtime cannot set the receive buffers of its sockets, so bursts may be lost: raise what the system gives to each, ' +
      `on Linux by \`sysctl -w net.core.rmem_default=${wantedBytes}\` as root.`
    )
  }
  if (grantedBytes >= wantedBytes) return undefined
  const remedy = remedies[platform]?.(wantedBytes) ?? 'raise the system’s limit for socket buffers'
  return (
    `The kernel granted a receive buffer of ${kibibytes(grantedBytes)} instead of ${kibibytes(wantedBytes)}, so bursts may ` +
    `be lost: ${remedy}, or ask for less with receiveBufferBytes.`
  )
}

const remedies: Partial<Record<NodeJS.Platform, (bytes: number) => string>> = {
  linux: (bytes) => `run \`sysctl -w net.core.rmem_max=${bytes}\` as root`,
  darwin: (bytes) => `run \`sysctl -w kern.ipc.maxsockbuf=${bytes}\` as root`,
  freebsd: (bytes) => `run \`sysctl kern.ipc.maxsockbuf=${bytes}\` as root`,
}

function trySetting(socket: DatagramSocket, bytes: number): boolean {
  try {
    socket.setRecvBufferSize?.(bytes)
    return true
  } catch {
    return false
  }
}

function kibibytes(bytes: number): string {
  return `${Math.round(bytes / 1024)} KiB`
}
