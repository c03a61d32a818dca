import { canonicalHost, parseIPv6 } from './numeric-host.ts'

/** Where a datagram comes from or goes to: a numeric IPv4 or IPv6 address, never a name, and a UDP port. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** Whether two addresses are the same place. */
export function isSameAddress(a: Address, b: Address): boolean {
  return a.port === b.port && a.host === b.host
}

/** Writes an address the way people read it: `127.0.0.1:1234`, `[::1]:1234`. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Whether a host says "every address of this machine", which nobody can be reached at. */
export function isUnspecified(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

/** Where to dial a host: one that says "every address of this machine" is this machine, as the family of the host has it. */
export function dialableHost(host: string): string {
  const canonical = canonicalHost(host)
  if (canonical === undefined || !isUnspecified(canonical)) return host
  return canonical === '::' ? '::1' : '127.0.0.1'
}

/**
 * What limits per address count by: an IPv4 address itself; of an IPv6 address its first 64 bits, because a single customer
 * has at least as many addresses as that leaves, or the others where it is a link-local one. A zone does not matter.
 */
export function networkOf(host: string): string {
  if (!host.includes(':')) return host
  const zoneAt = host.indexOf('%')
  const groups = parseIPv6(zoneAt === -1 ? host : host.slice(0, zoneAt))
  if (groups === undefined) return host
  const isLinkLocal = groups[0] === LINK_LOCAL_GROUP
  const counted = isLinkLocal ? groups.slice(NETWORK_GROUPS) : groups.slice(0, NETWORK_GROUPS)
  return `${isLinkLocal ? 'fe80' : ''}:${counted.map((group) => group.toString(16)).join(':')}`
}

/** How many of the eight groups of an IPv6 address are its network: whoever has an address has the whole /64 (RFC 6177). */
const NETWORK_GROUPS = 4

/** In `fe80::/64` is everybody on the link, and each is one neighbour. */
const LINK_LOCAL_GROUP = 0xfe80
