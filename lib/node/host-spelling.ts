import { isIP, isIPv4, isIPv6, SocketAddress } from 'node:net'

/** How an IPv6 socket writes an IPv4 address (RFC 4291, section 2.5.5.2). */
const MAPPED_PREFIX = '::ffff:'

/**
 * The one spelling of a numeric address that sockets report too, so that addresses can be compared as strings: IPv6 is
 * shortened and in small letters (RFC 5952), keeps its zone, and is plain IPv4 when that is what it carries.
 * `undefined` for a name.
 */
export function spellAsReported(host: string): string | undefined {
  switch (isIP(host)) {
    case 4:
      return host
    case 6:
      return spellIPv6(host)
    default:
      return undefined
  }
}

/** Turns `::ffff:1.2.3.4`, as a dual-stack socket reports it, into `1.2.3.4`, and leaves every other host alone. */
export function toPlainHost(host: string): string {
  if (!host.startsWith(MAPPED_PREFIX)) return host
  const tail = host.slice(MAPPED_PREFIX.length)
  return isIPv4(tail) ? tail : host
}

/** The opposite of {@link toPlainHost}: how an IPv6 socket must be told to reach `host`. */
export function toMappedHost(host: string): string {
  return host.includes(':') ? host : MAPPED_PREFIX + host
}

/** Which kind of socket reaches a numeric host. */
export function socketTypeFor(host: string): 'udp4' | 'udp6' {
  return isIPv6(host) ? 'udp6' : 'udp4'
}

function spellIPv6(host: string): string {
  const zoneAt = host.indexOf('%')
  const [address, zone] = zoneAt === -1 ? [host, ''] : [host.slice(0, zoneAt), host.slice(zoneAt)]
  return toPlainHost(new SocketAddress({ address, family: 'ipv6' }).address) + zone
}
