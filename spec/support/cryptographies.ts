import type { Cryptography } from '../../lib/security/crypto.ts'
import { nodeCryptography } from '../../lib/node/node-crypto.ts'
import { sodiumCryptography } from '../../lib/node/sodium-crypto.ts'

/** Every implementation there is. Programs may do without `sodium-native`, but whoever runs these specs has it. */
export const cryptographies: readonly Cryptography[] = [nodeCryptography, required(sodiumCryptography)]

function required(cryptography: Cryptography | undefined): Cryptography {
  if (cryptography === undefined) throw new Error('sodium-native does not load here: run npm ci.')
  return cryptography
}
