import { specifyScenarios } from '../specify.ts'
import { crowdScenarios } from './crowd.ts'

specifyScenarios('a crowd', crowdScenarios)
