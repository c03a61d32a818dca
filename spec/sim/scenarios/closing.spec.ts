import { specifyScenarios } from '../specify.ts'
import { closingScenarios } from './closing.ts'

specifyScenarios('closing', closingScenarios)
