import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const command = fileURLToPath(new URL('sim.ts', import.meta.url))

function run(args: string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', command, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
  return { status, stdout, stderr }
}

describe('npm run sim', () => {
  it('runs seeds in several processes and says how many failed', () => {
    const { status, stdout } = run(['--scenario', 'close-at-once', '--seeds', '45', '--jobs', '2'])
    expect(stdout).toMatch(/^45 seeds, 0 failed, /m)
    expect(status).toBe(0)
  })

  it('runs the one seed that the environment names', () => {
    const { status, stdout } = run(['--scenario', 'close-at-once'], { SEED: '17' })
    expect(stdout).toMatch(/^1 seed, 0 failed, /m)
    expect(status).toBe(0)
  })

  it('lists the scenarios', () => {
    expect(run(['--list']).stdout.split('\n')).toContain('blackout')
  })

  it.each([
    [['--scenario', 'nothing'], 'There is no scenario'],
    [['--seeds', '-1'], 'whole number'],
  ])('refuses %j', (args, reason) => {
    const { status, stderr } = run(args)
    expect(stderr).toContain(reason)
    expect(status).toBe(1)
  })
})
