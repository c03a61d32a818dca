import { specifyScenarios } from '../specify.ts'
import { attackerScenarios } from './attackers.ts'

specifyScenarios('attackers', attackerScenarios)
