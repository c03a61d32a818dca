import { specifyScenarios } from '../specify.ts'
import { hostileScenarios } from './hostile.ts'

specifyScenarios('hostile', hostileScenarios)
