import { canonicalHost } from '../core/numeric-host.ts'

/**
 * The host that CONNECT names to a client whose HELLO came from `source`: the advertised one of its own family, else, if any
 * other is advertised, the unspecified one, by which the client stays with the address that it dialed; else the bound one.
 */
export function hostToShow(advertised: readonly string[], bound: string, source: string): string {
  if (advertised.length === 0) return bound
  return advertised.find((host) => isIPv6(host) === isIPv6(source)) ?? '::'
}

/** Whether a numeric address is one of IPv6; an IPv4 address in IPv6 is IPv4. */
export function isIPv6(host: string): boolean {
  return (canonicalHost(host) ?? host).includes(':')
}
