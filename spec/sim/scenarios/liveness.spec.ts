import { specifyScenarios } from '../specify.ts'
import { livenessScenarios } from './liveness.ts'

specifyScenarios('liveness', livenessScenarios)
