import { createConnectToken, UDPipe } from 'udpipe'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { ChildProgram } from '../support/child-program.ts'
import { freePort } from '../support/raw-socket.ts'
import { listen, udpipe } from './udpipe-command.ts'

const key = Buffer.alloc(32, 7).toString('base64url')

/** Each starts a handful of processes. */
const TIMEOUT_MS = 90_000

function tokenFor(...ports: readonly (string | number)[]): string {
  return createConnectToken({
    key,
    clientId: 'bob',
    expiresInMs: 90_000,
    servers: ports.map((port) => `127.0.0.1:${port}`),
  })
}

function connect(token: string): ChildProgram {
  return udpipe('connect', '--connect-token', token, '--timeout', '2')
}

describe('udpipe with connect tokens', () => {
  it('lets in who has one, once', { timeout: TIMEOUT_MS }, async () => {
    const { listener, port } = await listen('--connect-token-key', key)
    const create = udpipe('token', 'create', '-k', key, '-c', 'ada', '-e', '90', '-s', `127.0.0.1:${port}`)
    expect(await create.ended).toBe(0)
    const token = create.stdout.trim()
    const ada = connect(token)
    ada.end('it is me')
    expect(await ada.ended).toBe(0)
    expect(listener.stderr).toContain('client 1 "ada"')

    const thief = connect(token)
    thief.end('it is me, too')
    expect(await thief.ended).toBe(1)
    expect(thief.stderr).toContain('the connect token has been used')
    expect(thief.stderr).toContain('no connection with the servers of the connect token')
    expect(listener.stdout).toBe('it is me')
  })

  it('goes on to the next server where one does not answer, and one is full', { timeout: TIMEOUT_MS }, async () => {
    const [full, free] = await Promise.all([
      listen('--connect-token-key', key, '--max-clients', '1'),
      listen('--connect-token-key', key),
    ])
    const resident = new UDPipe({ connectToken: tokenFor(full.port) })
    onTestFinished(() => resident.close())
    void resident.run()
    await resident.connect()

    const client = connect(tokenFor(await freePort(), full.port, free.port))
    client.end('at last')
    expect(await client.ended).toBe(0)
    expect(client.stderr).toMatch(/Nothing at 127\.0\.0\.1:\d+ completed the handshake/)
    expect(client.stderr).toContain(`The server at 127.0.0.1:${full.port} said GO AWAY!`)
    expect(free.listener.stdout).toBe('at last')
  })
})
