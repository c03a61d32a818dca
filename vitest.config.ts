import { defineConfig } from 'vitest/config'

export default defineConfig({
  // Specs import the public name `udpipe` and still run the source: the package resolves itself.
  resolve: { conditions: ['@udpipe/source'] },
  ssr: { resolve: { conditions: ['@udpipe/source'] } },
  test: {
    include: ['spec/**/*.spec.ts'],
    testTimeout: 30_000,
    pool: 'forks',
    // Most of the time specs wait for sockets and processes, so two at a time fit on any machine.
    maxWorkers: 2,
    coverage: { include: ['lib/**'] },
  },
})
