import { specifyScenarios } from '../specify.ts'
import { resumingScenarios } from './resuming.ts'

specifyScenarios('resuming', resumingScenarios)
