import { describeSessionContract } from './session-contract.ts'

describeSessionContract({
  name: 'classic',
  delivery: 'unreliable',
  options: { protocol: 'classic', protocols: ['classic'] },
})
