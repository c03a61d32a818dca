import { specifyScenarios } from '../specify.ts'
import { wholeLifeScenarios } from './whole-life.ts'

specifyScenarios('whole lives', wholeLifeScenarios)
