/** All that a client for a browser is made of, but for the platform, which a browser gives: to be bundled for one. */
import { UDPipe } from '../../lib/host/udpipe.ts'
import { noiseSecurity } from '../../lib/security/noise.ts'
import { plainSecurity } from '../../lib/security/plain.ts'

export class Client extends UDPipe {}
export { noiseSecurity, plainSecurity }
