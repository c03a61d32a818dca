import { lookup } from 'node:dns/promises'
import { UDPipeError } from '../core/errors.ts'
import { spellAsReported } from './host-spelling.ts'

/** Finds the addresses of a name, the preferred one first. */
type Lookup = (host: string, options: { all: true; order: 'ipv4first' }) => Promise<readonly { address: string }[]>

/**
 * Finds the numeric address of a host. A numeric one stays what it is, in its canonical spelling.
 *
 * A name with both kinds of addresses becomes an IPv4 address. A UDP client cannot try both and see which one answers first,
 * as TCP clients do (RFC 8305), and IPv4 reaches more servers: those bound to `0.0.0.0`, which would never hear what
 * `localhost` means to a system that sorts `::1` first, and those bound to `::`, which hear both. To use IPv6 where there is a
 * choice, give the numeric address.
 *
 * @throws UDPipeError `ERR_HOST_NOT_FOUND`, as the promise's rejection
 */
export async function resolveHost(host: string, lookupAll: Lookup = lookup): Promise<string> {
  const numeric = spellAsReported(host)
  if (numeric !== undefined) return numeric
  const address = await lookUp(host, lookupAll)
  return spellAsReported(address) ?? address
}

async function lookUp(host: string, lookupAll: Lookup): Promise<string> {
  if (host === '')
    throw new UDPipeError('ERR_HOST_NOT_FOUND', 'The host is an empty string; give a name or an address.')
  try {
    const [first] = await lookupAll(host, { all: true, order: 'ipv4first' })
    if (first !== undefined) return first.address
  } catch (cause) {
    throw notFound(host, cause)
  }
  throw notFound(host)
}

function notFound(host: string, cause?: unknown): UDPipeError {
  const isTemporary = (cause as NodeJS.ErrnoException | undefined)?.code === 'EAI_AGAIN'
  const advice = isTemporary
    ? 'no name server answered; check the network connection and try again.'
    : 'check its spelling, or give a numeric address.'
  return new UDPipeError('ERR_HOST_NOT_FOUND', `The host '${host}' has no address: ${advice}`, { cause })
}
