import { networkInterfaces } from 'node:os'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import type { Address } from '../../lib/core/address.ts'
import { monotonicMs } from '../../lib/node/clock.ts'
import type { LinkSocket } from '../../lib/port/datagram-port.ts'
import { UdpSocket, type UdpSocketOptions } from '../../lib/node/udp-socket.ts'

const ownAddresses = Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
  (addresses ?? []).map(({ address }) => ({ name, address })),
)

/** Whether this machine has an IPv6 loopback; what is said about IPv6 here cannot be tried without it. */
export const hasIPv6 = ownAddresses.some(({ address }) => address === '::1')

/** A link-local address of this machine with its zone, if it has one. */
export const linkLocalHost = ownAddresses
  .filter(({ address }) => address.startsWith('fe80:'))
  .map(({ name, address }) => `${address}%${name}`)[0]

/** Opens a socket on any free port of 127.0.0.1, unless told otherwise, that is closed when the test is over. */
export function openSocket(options: Partial<UdpSocketOptions> = {}): UdpSocket {
  const socket = UdpSocket.open({ host: '127.0.0.1', port: 0, clock: monotonicMs, ...options })
  onTestFinished(() => socket.close())
  return socket
}

/** Sends a text. */
export function sendText(socket: LinkSocket, text: string, destination: Address): boolean {
  return socket.send(new TextEncoder().encodeInto(text, socket.acquire()).written, destination)
}

/** Sends a text and returns the next one that arrives at the other socket: it is quiet until then. */
export async function deliver(from: LinkSocket, to: LinkSocket, text: string): Promise<string | undefined> {
  sendText(from, text, to.address)
  return (await receiveTexts(to, 1))[0]
}

/** The texts of the next datagrams that arrive; waits as long as the test may take. */
export async function receiveTexts(socket: LinkSocket, count: number): Promise<string[]> {
  const texts: string[] = []
  while (texts.length < count) {
    const datagram = socket.receive()
    if (datagram === undefined) await nextTurn()
    else texts.push(Buffer.from(datagram.bytes).toString())
  }
  return texts
}

/** Turns the event loop until something is so; waits as long as the test may take. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await nextTurn()
}
