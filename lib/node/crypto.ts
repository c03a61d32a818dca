import type { Cryptography } from '../security/crypto.ts'
import { nodeCryptography } from './node-crypto.ts'
import { sodiumCryptography } from './sodium-crypto.ts'

/** The fastest cryptography that there is here: `sodium-native` where it is installed, else Node's. On the wire they are one. */
export const cryptography: Cryptography = sodiumCryptography ?? nodeCryptography
