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
