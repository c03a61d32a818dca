import { ReliableClient } from '../../lib/reliable/handshake/client.ts'
import { ReliableFrontDoor } from '../../lib/reliable/handshake/front-door.ts'
import { Random } from '../../lib/simulator/index.ts'
import { securities } from '../support/securities.ts'
import { sessionsWith } from '../support/sessions.ts'
import { describeSessionContract } from './session-contract.ts'

/** Bytes from a source of uniform numbers. */
function bytesOf(uniform: () => number): (length: number) => Uint8Array {
  const random = new Random(Math.floor(uniform() * 2 ** 32))
  return (length) => random.bytes(length)
}

for (const [name, security] of Object.entries(securities)) {
  describeSessionContract({
    name: `the reliable protocol with security ${name}`,
    delivery: 'reliable',
    createClient: (now, settings, frontDoor, { token, random }) =>
      new ReliableClient(now, settings, frontDoor, { token, security, randomBytes: bytesOf(random) }),
    createFrontDoor: (settings, { token, random }) => {
      const randomBytes = bytesOf(random)
      return {
        door: new ReliableFrontDoor(settings, { token, security, randomBytes }),
        createSession: sessionsWith(settings, { security, randomBytes }),
      }
    },
  })
}
