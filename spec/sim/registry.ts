import type { Scenario } from './scenario.ts'
import { attackerScenarios } from './scenarios/attackers.ts'
import { closingScenarios } from './scenarios/closing.ts'
import { deliveryScenarios } from './scenarios/delivery.ts'
import { frontDoorScenarios } from './scenarios/front-door.ts'
import { handshakeScenarios } from './scenarios/handshake.ts'
import { hostileScenarios } from './scenarios/hostile.ts'
import { livenessScenarios } from './scenarios/liveness.ts'
import { loadScenarios } from './scenarios/load.ts'
import { movingScenarios } from './scenarios/moving.ts'
import { stallingScenarios } from './scenarios/stalling.ts'
import { resumingScenarios } from './scenarios/resuming.ts'
import { crowdScenarios } from './scenarios/crowd.ts'
import { slowServerScenarios } from './scenarios/slow-server.ts'
import { wholeLifeScenarios } from './scenarios/whole-life.ts'
import { wrappingScenarios } from './scenarios/wrapping.ts'

/** Every scenario there is. */
export const scenarios: readonly Scenario[] = [
  ...handshakeScenarios,
  ...frontDoorScenarios,
  ...deliveryScenarios,
  ...wrappingScenarios,
  ...loadScenarios,
  ...livenessScenarios,
  ...stallingScenarios,
  ...movingScenarios,
  ...resumingScenarios,
  ...closingScenarios,
  ...hostileScenarios,
  ...attackerScenarios,
  ...slowServerScenarios,
  ...wholeLifeScenarios,
  ...crowdScenarios,
]

/** The scenario of a name; throws when there is none. */
export function findScenario(name: string): Scenario {
  const scenario = scenarios.find((candidate) => candidate.name === name)
  if (scenario === undefined) throw new Error(`There is no scenario '${name}'.`)
  return scenario
}
