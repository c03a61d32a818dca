import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { udpipe } from './udpipe-command.ts'

describe('udpipe', () => {
  it('explains itself and its commands', async () => {
    const [program, listen, connect, ping, sim] = [
      udpipe('--help'),
      udpipe('listen', '--help'),
      udpipe('connect', '--help'),
      udpipe('ping', '--help'),
      udpipe('sim', '--help'),
    ]

    const endings = [program, listen, connect, ping, sim].map(({ ended }) => ended)
    expect(await Promise.all(endings)).toEqual([0, 0, 0, 0, 0])
    expect(program.stdout).toMatch(/^Usage: udpipe \[options\] \[command\]$/m)
    expect(program.stdout).toMatch(/^ {2}listen \[options\] <port> +Serve clients/m)
    expect(program.stdout).toMatch(/^ {2}connect \[options\] \[host\] \[port\] +Connect to a server/m)
    expect(program.stdout).toMatch(/^ {2}ping \[options\] \[host\] \[port\] +Connect to a server and measure/m)
    expect(program.stdout).toMatch(/^ {2}sim \[options\] <port> <server-host> <server-port> +Stand between/m)
    expect(program.stdout).toMatch(/^Exit codes:\n {2}0 +done/m)
    expect(listen.stdout).toMatch(/^Usage: udpipe listen \[options\] <port>$/m)
    for (const option of ['--bytes', '--lines', '--token', '--timeout', '--protocol', '--quiet', '--verbose']) {
      expect(listen.stdout).toContain(option)
      expect(connect.stdout).toContain(option)
    }
    for (const option of ['--host', '--advertise', '--max-clients', '--once', '--prefix'])
      expect(listen.stdout).toContain(option)
    expect(connect.stdout).toMatch(/^Usage: udpipe connect \[options\] \[host\] \[port\]$/m)
    for (const option of ['--keep-open', '--reconnect']) expect(connect.stdout).toContain(option)
    for (const option of ['--count', '--interval', '--token', '--timeout', '--protocol', '--quiet', '--verbose'])
      expect(ping.stdout).toContain(option)
    expect(ping.stdout).toMatch(/^Exit codes:\n {2}0 +at least one ping was answered$/m)
    for (const option of [
      '--delay',
      '--jitter',
      '--keep-order',
      '--loss',
      '--burst',
      '--duplicate',
      '--reorder',
      '--rate',
      '--queue',
      '--seed',
    ])
      expect(sim.stdout).toContain(option)
    expect(sim.stdout).toMatch(/^Example, in three terminals:\n {2}udpipe /m)
    for (const { stdout } of [program, listen, connect, ping]) expect(stdout).toMatch(/^Examples:\n {2}udpipe /m)
  })

  it('names the version of its package', async () => {
    const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string
    }
    const program = udpipe('--version')

    expect(await program.ended).toBe(0)
    expect(program.stdout).toBe(`${manifest.version}\n`)
  })

  it('exits with 2 and a sentence when it is used wrongly', async () => {
    const [bare, incomplete] = [udpipe(), udpipe('listen')]

    expect(await Promise.all([bare.ended, incomplete.ended])).toEqual([2, 2])
    expect(bare.stderr).toMatch(/^Usage: udpipe/)
    expect(incomplete.stderr).toMatch(/missing required argument 'port'/)
  })
})
