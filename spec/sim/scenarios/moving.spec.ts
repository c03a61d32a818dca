import { specifyScenarios } from '../specify.ts'
import { movingScenarios } from './moving.ts'

specifyScenarios('moving', movingScenarios)
