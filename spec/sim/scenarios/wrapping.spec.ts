import { specifyScenarios } from '../specify.ts'
import { wrappingScenarios } from './wrapping.ts'

specifyScenarios('wrapping', wrappingScenarios)
