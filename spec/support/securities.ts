import { noiseSecurity } from '../../lib/security/noise.ts'
import { plainSecurity } from '../../lib/security/plain.ts'
import type { SecurityFactory } from '../../lib/security/security.ts'
import { cryptography } from '../../lib/node/crypto.ts'

/** How a connection may be protected, by the name of the option. */
export type SecurityName = 'none' | 'noise'

/** Each security, as the library makes it. */
export const securities: Readonly<Record<SecurityName, SecurityFactory>> = {
  none: plainSecurity,
  noise: noiseSecurity(cryptography),
}

/** What simulations are protected by when they do not say: as `SECURITY` has it, else nothing, because that is faster. */
export function defaultSecurity(): SecurityFactory {
  return securities[parseSecurity(process.env['SECURITY'] ?? 'none')]
}

/** Throws a RangeError when there is no such security. */
export function parseSecurity(name: string): SecurityName {
  if (name === 'none' || name === 'noise') return name
  throw new RangeError(`SECURITY is none or noise; it was '${name}'.`)
}
