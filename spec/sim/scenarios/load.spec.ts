import { specifyScenarios } from '../specify.ts'
import { loadScenarios } from './load.ts'

specifyScenarios('load', loadScenarios)
