import type { Carrier } from './carrier.ts'
import { describeNetwork } from './network-contract.ts'

const tcp: Carrier = {
  name: 'TCP',
  transport: 'tcp',
  options: {},
  refusal: 'ERR_CONNECT_REFUSED',
  modeMismatch: 'ERR_ENCRYPTION_MISMATCH',
  hasty: {},
  async open(rig, key = '', options = {}) {
    const server = await rig.server('127.0.0.1', 0, key, options)
    return { server, address: '127.0.0.1', port: server.GetPort() }
  },
}

describeNetwork(tcp)
