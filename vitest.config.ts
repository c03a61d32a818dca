import { defineConfig } from 'vitest/config'

export default defineConfig({
  // Specs import the public name `udpipe` and still run the source: the package resolves itself.
  resolve: { conditions: ['@udpipe/source'] },
  ssr: { resolve: { conditions: ['@udpipe/source'] } },
  test: {
    include: ['spec/**/*.spec.ts'],
    testTimeout: 30_000,
    pool: 'forks',
    coverage: { include: ['lib/**'] },
  },
})
