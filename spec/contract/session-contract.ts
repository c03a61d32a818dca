import { describe } from 'vitest'
import { describeClosing } from './closing-contract.ts'
import type { ContractSubject } from './contract-world.ts'
import { describeMessages, describeSilence } from './exchange-contract.ts'
import { describeIntruders, describeTime } from './hardship-contract.ts'
import { describeOpening, describeRefusals } from './opening-contract.ts'

export type { ContractSubject } from './contract-world.ts'

/** What every protocol's `Session` and `FrontDoor` do. */
export function describeSessionContract(subject: ContractSubject): void {
  describe(`the contract of Session and FrontDoor, kept by ${subject.name}`, () => {
    describeOpening(subject)
    describeRefusals(subject)
    describeMessages(subject)
    describeSilence(subject)
    describeClosing(subject)
    describeIntruders(subject)
    describeTime(subject)
  })
}
