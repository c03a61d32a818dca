import { specifyScenarios } from '../specify.ts'
import { deliveryScenarios } from './delivery.ts'

specifyScenarios('delivery', deliveryScenarios)
