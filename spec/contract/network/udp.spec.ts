import type { Carrier } from './carrier.ts'
import { describeNetwork } from './network-contract.ts'

const udp: Carrier = {
  name: 'UDP',
  transport: 'udp',
  options: { transport: 'udp' },
  refusal: 'ERR_CONNECT_TIMEOUT',
  modeMismatch: 'ERR_KEY_MISMATCH',
  hasty: { connectTimeoutMs: 300 },
  async open(rig, key = '', options = {}) {
    const server = await rig.server('127.0.0.1', 0, key, { transport: 'udp', ...options })
    return { server, address: '127.0.0.1', port: server.GetPort() }
  },
}

describeNetwork(udp)
