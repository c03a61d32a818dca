import { createConnectToken, generateServerKey } from 'udpipe'
import { describe, expect, it } from 'vitest'
import { listen, udpipe } from './udpipe-command.ts'

describe('udpipe ping', () => {
  it.each(['reliable', 'classic'] as const)('measures a %s server, sums it up, and exits with 0', async (protocol) => {
    const { listener, port } = await listen('--protocol', protocol, '--token', 'secret')
    const args = ['--count', '3', '--interval', '0.05', '--protocol', protocol, '--token', 'secret']
    const ping = udpipe('ping', '127.0.0.1', port, ...args)

    expect(await ping.ended).toBe(0)
    const [first, second, third, ...summary] = ping.stdout.split('\n')
    for (const [i, line] of [first, second, third].entries()) {
      expect(line).toMatch(new RegExp(`^pong from 127\\.0\\.0\\.1:\\d+: seq=${i + 1} rtt=\\d+\\.\\d{3} ms$`))
    }
    expect(summary.slice(0, 3)).toEqual([
      '',
      `--- 127.0.0.1:${port} ping statistics ---`,
      '3 pings sent, 3 answered, 0 % lost',
    ])
    expect(summary[3]).toMatch(/^rtt min\/avg\/max\/mdev = (\d+\.\d{3}\/){3}\d+\.\d{3} ms, jitter \d+\.\d{3} ms$/)
    if (protocol === 'reliable') expect(summary[4]).toMatch(/^clock offset [+-]\d+\.\d{3} ms$/)
    await listener.until(/disconnected: client 1 .* closed by the other side/)
  })

  it('takes --server-key and --connect-token, which says where the server is', async () => {
    const { publicKey, privateKey } = generateServerKey()
    const key = Buffer.alloc(32, 7).toString('base64url')
    const { port } = await listen(`--private-key=${privateKey}`, '--connect-token-key', key)
    const token = (): string => createConnectToken({ key, clientId: 'ada', servers: [`127.0.0.1:${port}`] })

    const known = udpipe('ping', '-c', '1', `--server-key=${publicKey}`, `--connect-token=${token()}`)
    const unknown = udpipe('ping', '-c', '1', '-w', '1', `--server-key=${privateKey}`, `--connect-token=${token()}`)
    const nowhere = udpipe('ping', '-c', '1', `--server-key=${publicKey}`)

    expect([await known.ended, await unknown.ended, await nowhere.ended]).toEqual([0, 1, 2])
    expect(known.stdout).toMatch(/^pong from 127\.0\.0\.1:\d+: seq=1 /)
    expect(known.stdout).toContain('--- the servers of the connect token ping statistics ---')
    expect(nowhere.stderr).toContain('a host and a port are needed, or --connect-token')
  })

  it('goes on until SIGINT, and sums up then', async () => {
    const { port } = await listen()
    const ping = udpipe('ping', '-i', '0.05', '127.0.0.1', port)
    await ping.until(/seq=3 /)

    ping.kill('SIGINT')

    expect(await ping.ended).toBe(0)
    expect(ping.stdout).toMatch(/\n\d+ pings sent, \d+ answered, .* lost\nrtt min/)
  })

  it('counts pings that a stopped server does not answer as lost, and exits with 1 when it is lost', async () => {
    const { listener, port } = await listen()
    const ping = udpipe('ping', '-i', '0.1', '--timeout', '1', '127.0.0.1', port)
    await ping.until(/seq=1 /)

    listener.kill('SIGSTOP')

    expect(await ping.ended).toBe(1)
    expect(ping.stderr).toMatch(/no sign of life of .* for 1 s/)
    expect(ping.stdout).not.toMatch(/ 0 % lost/)
  })

  it('exits with 1 when there is no connection, or the server closes', async () => {
    const { listener, port } = await listen('--once')
    const ping = udpipe('ping', '-i', '0.05', '127.0.0.1', port)
    await ping.until(/seq=1 /)
    const surplus = udpipe('ping', '127.0.0.1', port)

    expect(await surplus.ended).toBe(1)
    expect(surplus.stderr).toMatch(/GO AWAY!/)
    listener.kill('SIGINT')
    expect(await ping.ended).toBe(1)
    expect(ping.stderr).toMatch(/closed by 127\.0\.0\.1/)
    expect(ping.stdout).toMatch(/ping statistics/)
  })
})
