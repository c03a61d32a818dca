export type { Delivery } from './session/delivery.ts'
