import { specifyScenarios } from '../specify.ts'
import { frontDoorScenarios } from './front-door.ts'

specifyScenarios('front door', frontDoorScenarios)
