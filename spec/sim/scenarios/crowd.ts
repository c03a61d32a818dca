import { CrowdLife } from '../crowd-life.ts'
import { defineScenario } from '../scenario.ts'
import type { Scenario } from '../scenario.ts'

/** A few minutes of what `npm run crowd` plays for an hour. */
export const crowdScenarios: readonly Scenario[] = [
  defineScenario(
    'crowd',
    (context) => new CrowdLife(context, { clients: 120, atOnce: 20, durationMs: 420_000 }).run(),
    60,
  ),
]
