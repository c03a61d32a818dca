import { Relay } from '../../../lib/relay/relay.ts'
import type { Carrier } from './carrier.ts'

/** What UDPipe does otherwise than TCP. */
const overDatagrams = {
  transport: 'udp',
  options: { transport: 'udp' },
  refusal: 'ERR_CONNECT_TIMEOUT',
  modeMismatch: 'ERR_KEY_MISMATCH',
  hasty: { connectTimeoutMs: 300 },
} as const

/** Straight over loopback. */
export const straight: Carrier = {
  ...overDatagrams,
  name: 'UDP',
  async open(rig, key = '', options = {}) {
    const server = await rig.server('127.0.0.1', 0, key, { transport: 'udp', ...options })
    return { server, address: '127.0.0.1', port: server.GetPort() }
  },
}

/** Where the bad link stands for the server. */
const RELAY_HOST = '127.0.0.9'
const udp = { privatePorts: 'shared', advertisedHost: RELAY_HOST } as const

let seed = 0

/** Through the relay of `udpipe sim`, which loses a tenth of all datagrams in each direction. */
export const lossy: Carrier = {
  ...overDatagrams,
  name: 'UDP that loses 10 %',
  async open(rig, key = '', options = {}) {
    const server = await rig.server('127.0.0.1', 0, key, { transport: 'udp', udp, ...options })
    const port = server.GetPort()
    seed += 1
    const relay = new Relay({
      listen: { host: RELAY_HOST, port },
      target: { host: '127.0.0.1', port },
      link: { loss: 0.1 },
      seed,
      clock: () => performance.now(),
      onWarning: () => {},
    })
    rig.closeLast(() => relay.close())
    return { server, address: RELAY_HOST, port }
  },
}
