import { specifyScenarios } from '../specify.ts'
import { slowServerScenarios } from './slow-server.ts'

specifyScenarios('a slow server', slowServerScenarios)
