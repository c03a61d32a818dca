import { securities } from '../support/securities.ts'
import { describeSessionContract } from './session-contract.ts'

for (const [name, security] of Object.entries(securities)) {
  describeSessionContract({
    name: `the reliable protocol with security ${name}`,
    delivery: 'reliable',
    options: {},
    tuning: { security },
  })
}
