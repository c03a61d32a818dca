import { specifyScenarios } from '../specify.ts'
import { handshakeScenarios } from './handshake.ts'

specifyScenarios('handshake', handshakeScenarios)
