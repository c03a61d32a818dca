import { defineConfig } from 'vitest/config'

/** The contract that every adapter keeps; it needs the peers, so the library's own specs are without it. */
export default defineConfig({
  test: { root: import.meta.dirname, include: ['spec/**/*.spec.ts'], pool: 'forks', testTimeout: 30_000 },
})
