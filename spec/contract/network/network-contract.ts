import { describe } from 'vitest'
import type { Carrier } from './carrier.ts'
import { describeClosing } from './closing-contract.ts'
import { describeExchange } from './exchange-contract.ts'
import { describeOpening } from './opening-contract.ts'
import { describeQueues } from './queues-contract.ts'

/** What holds whatever carries the tables. */
export function describeNetwork(carrier: Carrier): void {
  describe(`udpipe/network over ${carrier.name}`, () => {
    describeOpening(carrier)
    describeExchange(carrier)
    describeClosing(carrier)
    describeQueues(carrier)
  })
}
