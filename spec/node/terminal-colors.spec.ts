import { afterEach, describe, expect, it, vi } from 'vitest'

afterEach(() => {
  vi.unstubAllEnvs()
  vi.resetModules()
})

describe('terminalColors', () => {
  it('colours what a terminal shows', async () => {
    const colors = await colorsOf({ isTTY: true, hasColors: () => true })
    expect(colors.red('lost')).toBe('\u001b[31mlost\u001b[39m')
  })

  it('colours nothing on a terminal without colours', async () => {
    const colors = await colorsOf({ isTTY: true, hasColors: () => false })
    expect(colors.red('lost')).toBe('lost')
  })

  it.each(['CI', 'FORCE_COLOR'])(
    'colours nothing that goes to a pipe or a file, even where %s is set',
    async (name) => {
      vi.stubEnv(name, '1')
      const colors = await colorsOf({ isTTY: undefined })
      expect(colors.red('lost')).toBe('lost')
    },
  )
})

/** Loaded anew, because picocolors reads the environment when it is loaded. */
async function colorsOf(stream: object) {
  vi.resetModules()
  const { terminalColors } = await import('../../lib/node/terminal-colors.ts')
  return terminalColors(stream as NodeJS.WriteStream)
}
