import { describe } from 'vitest'
import { lossy, straight } from './datagrams.ts'
import { describeExchange } from './exchange-contract.ts'
import { describeNetwork } from './network-contract.ts'

describeNetwork(straight)

// All of the contract is played through losses by udp-under-loss.long.spec.ts.
describe(`udpipe/network over ${lossy.name}`, () => describeExchange(lossy))
