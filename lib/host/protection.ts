import { UDPipeError } from '../core/errors.ts'
import type { Options } from '../options/options.ts'
import type { Cryptography } from '../security/crypto.ts'
import { noiseSecurity } from '../security/noise.ts'
import { plainSecurity } from '../security/plain.ts'
import type { SecurityFactory } from '../security/security.ts'

/** How the packets of a UDPipe with these options are protected. */
export function protectionOf(
  { security, serverKey, serverPrivateKey }: Options,
  cryptography: Cryptography,
): SecurityFactory {
  return security === 'none' ? plainSecurity : noiseSecurity(cryptography, { serverKey, serverPrivateKey })
}

/**
 * Looks whether what these options ask for can be sealed here, before anything begins.
 *
 * @throws UDPipeError `ERR_DEPENDENCY_MISSING`
 */
export function requireCryptography({ security, protocol, protocols }: Options, { missing }: Cryptography): void {
  const isSealed = security === 'noise' && protocol === 'reliable' && protocols.includes('reliable')
  if (isSealed && missing !== undefined) throw new UDPipeError('ERR_DEPENDENCY_MISSING', missing)
}
