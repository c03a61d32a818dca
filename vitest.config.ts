import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'
import { BaseSequencer, type Reporter, type TestModule, type TestSpecification } from 'vitest/node'

/** What is to hold wherever a server's clients are, on private ports of their own or all on the front door's. */
const onEitherPort = [
  'admission',
  'closing',
  'handshake',
  'liveness',
  'messages',
  'network-errors',
  'reconnecting',
  'reliable',
  'resuming',
]

/** The scenarios take longest, so that they go first: otherwise one worker would play the last of them while the other is idle. */
class ScenariosFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isScenario = ({ moduleId }: TestSpecification): boolean => moduleId.includes('/spec/sim/scenarios/')
    return [...sorted.filter(isScenario), ...sorted.filter((file) => !isScenario(file))]
  }
}

/** `npm run test:long`: what takes minutes, and the scenarios over ten times as many seeds. */
const isLong = process.env['LONG'] !== undefined

const privatePorts = {
  extends: true as const,
  test: {
    name: 'private ports',
    include: ['spec/**/*.spec.ts', 'examples/**/*.spec.ts'],
    exclude: ['**/*.long.spec.ts', '**/node_modules/**'],
  },
} satisfies TestProjectInlineConfiguration

const sharedPort = {
  extends: true as const,
  test: {
    name: 'shared port',
    include: onEitherPort.map((name) => `spec/udpipe/${name}.spec.ts`),
    env: { UDPIPE_SPEC_PORTS: 'shared' },
  },
} satisfies TestProjectInlineConfiguration

const long = {
  extends: true as const,
  test: { name: 'long', include: ['spec/**/*.long.spec.ts', 'spec/sim/scenarios/*.spec.ts'] },
} satisfies TestProjectInlineConfiguration

/** Prints what a seed of each scenario cost, slowest first. */
class SeedCosts implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const costs = modules
      .flatMap((module) => [...module.children.allTests()])
      .map((test) => ({ name: test.name.replace(/^.* of /, ''), ms: test.meta().seedMs ?? NaN }))
      .filter(({ ms }) => ms >= 0)
      .sort((a, b) => b.ms - a.ms)
    if (costs.length === 0) return
    const shown = costs.map(({ name, ms }) => `${name} ${ms.toFixed(0)}`).join(', ')
    console.log(`\nWhat a seed takes, in milliseconds: ${shown}`)
  }
}

declare module 'vitest' {
  interface TaskMeta {
    /** How long a seed of the scenario took, in milliseconds. */
    seedMs?: number
  }
}

export default defineConfig({
  // Specs import the public name `udpipe` and still run the source: the package resolves itself.
  resolve: { conditions: ['@udpipe/source'] },
  ssr: { resolve: { conditions: ['@udpipe/source'] } },
  test: {
    globalSetup: ['spec/support/bundle-programs.ts', 'spec/support/translate-programs.mjs'],
    setupFiles: ['spec/support/end-programs.ts'],
    // A bound for what hangs, not a judgement of how fast a machine is.
    testTimeout: 120_000,
    pool: 'forks',
    // Much of the time specs wait for sockets and processes, so that three keep two cores busy.
    maxWorkers: 3,
    // What takes minutes: npm run test:long.
    exclude: process.env['LONG'] === undefined ? ['**/*.long.spec.ts', '**/node_modules/**'] : ['**/node_modules/**'],
    sequence: { sequencer: ScenariosFirst },
    coverage: { include: ['lib/**'] },
    reporters: ['default', new SeedCosts()],
    projects: isLong ? [long, sharedPort] : [privatePorts],
  },
})
