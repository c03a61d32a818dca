import { lossy } from './datagrams.ts'
import { describeNetwork } from './network-contract.ts'

describeNetwork(lossy)
