import { specifyScenarios } from '../specify.ts'
import { stallingScenarios } from './stalling.ts'

specifyScenarios('stalling', stallingScenarios)
