import { ClassicClient } from '../../lib/classic/client.ts'
import { ClassicFrontDoor } from '../../lib/classic/front-door.ts'
import { sessionsWith } from '../support/sessions.ts'
import { describeSessionContract } from './session-contract.ts'

describeSessionContract({
  name: 'classic',
  delivery: 'unreliable',
  createClient: (now, settings, frontDoor, { token, random }) =>
    new ClassicClient(now, settings, frontDoor, token, random),
  createFrontDoor: (settings, { token }) => ({
    door: new ClassicFrontDoor(token),
    createSession: sessionsWith(settings),
  }),
})
