import { createConnectToken } from 'udpipe'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createProgram } from '../../lib/cli/program.ts'

const key = Buffer.alloc(32, 7).toString('base64url')

/** What a command prints. */
async function run(...args: string[]): Promise<string> {
  const lines: string[] = []
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0)
  const errors = vi.spyOn(process.stderr, 'write').mockImplementation(() => true)
  onTestFinished(() => {
    spy.mockRestore()
    errors.mockRestore()
  })
  await createProgram().parseAsync(['token', ...args], { from: 'user' })
  return lines.join('')
}

describe('udpipe token', () => {
  it('creates what inspect reads, without the key as its client does, and with it as a server', async () => {
    const args = ['-k', key, '-c', 'Ada', '-s', '192.0.2.1:1234', '[::1]:5', '-e', '60', '-u', 'red team']
    const token = (await run('create', ...args)).trim()

    const asClient = await run('inspect', token)
    expect(asClient).toContain('server    192.0.2.1:1234\nserver    [::1]:5\n')
    expect(asClient).toMatch(/expires {3}\S+Z \(in (60|59) s\)/)
    expect(asClient).not.toContain('Ada')

    const asServer = await run('inspect', '-k', key, token)
    expect(asServer).toContain('client    "Ada"\nuser data "red team" (8 bytes)\n')
    expect(asServer).toContain('the same are sealed in the ticket')
  })

  it('prints a new key each time, which create takes', async () => {
    const [one, other] = [(await run('key')).trim(), (await run('key')).trim()]
    expect(one).not.toBe(other)
    expect(createConnectToken({ key: one, clientId: 'Ada', servers: ['192.0.2.1:1'] })).toMatch(/^[\w-]+$/)
  })

  it.each([
    ['a token that is none', ['inspect', 'nonsense']],
    [
      'another key',
      [
        'inspect',
        '-k',
        Buffer.alloc(32).toString('base64url'),
        createConnectToken({ key, clientId: 'a', servers: ['192.0.2.1:1'] }),
      ],
    ],
    ['a short key', ['create', '-k', 'abc', '-c', 'Ada', '-s', '192.0.2.1:1']],
    ['a name', ['create', '-k', key, '-c', 'Ada', '-s', 'localhost:1']],
    ['no time', ['create', '-k', key, '-c', 'Ada', '-s', '192.0.2.1:1', '-e', 'soon']],
  ])('ends as wrong usage for %s', async (_what, args) => {
    await expect(run(...args)).rejects.toMatchObject({ exitCode: 2 })
  })
})
