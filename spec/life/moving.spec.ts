import { describe, it } from 'vitest'
import { Namespace, whatIsMissing } from './namespace.ts'
import { hasConnected, numbered, Player } from './player.ts'

const patient = { stallTimeoutMs: 300, pingIntervalMs: 100, timeoutMs: 20_000 }
/** Where the server is, by whatever way one comes. */
const SERVER = '10.99.0.1'

const missing = whatIsMissing()

describe.concurrent.each([
  ['a port of its own', undefined],
  ['the shared port', 'shared'],
] as const)('a client on %s', (_which, privatePorts) => {
  it('goes on from Wi-Fi to mobile, and at another address there: found each time, no message missing or twice', async ({
    expect,
    onTestFinished,
    skip,
  }) => {
    skip(missing !== undefined, `needs network namespaces: ${missing}`)
    const world = new World(onTestFinished)
    const server = await Player.create({ runBy: world.server.command })
    const client = await Player.create({ runBy: world.client.command })
    const options = privatePorts === undefined ? patient : { ...patient, privatePorts }
    const port = await server.start({ ...options, host: SERVER })
    await client.connect(port, { ...patient, host: SERVER })
    await client.until(hasConnected)
    await client.send(...numbered('over Wi-Fi', 50))

    world.client.ip('link', 'set', 'wifi', 'down')
    await client.send(...numbered('out of reach', 50))
    await server.send(...numbered('to nobody', 50))
    world.joinMobile('10.99.2.2')
    await server.until(({ moves }) => moves.length === 1)
    await client.send(...numbered('over mobile', 50))

    world.leaveMobile('10.99.2.2')
    await client.send(...numbered('out of reach again', 50))
    await server.send(...numbered('to nobody again', 50))
    world.joinMobile('10.99.2.3')
    const moved = await server.until(({ moves }) => moves.length === 2)
    await client.send(...numbered('at another address', 50))
    const served = await server.until(({ messages }) => messages.length >= 250)
    const received = await client.until(({ messages }) => messages.length >= 100)

    expect(moved.moves).toEqual(['10.99.1.2 10.99.2.2', '10.99.2.2 10.99.2.3'])
    const said = ['over Wi-Fi', 'out of reach', 'over mobile', 'out of reach again', 'at another address']
    expect(served.messages).toEqual(said.flatMap((prefix) => numbered(prefix, 50)))
    expect(received.messages).toEqual(['to nobody', 'to nobody again'].flatMap((prefix) => numbered(prefix, 50)))
    expect([...served.names, ...received.names]).not.toContain('onDisconnect')
    expect([...served.errors, ...received.errors]).toEqual([])
  })
})

/** A server with a way to it by Wi-Fi and one by mobile, and a client that is on Wi-Fi. */
class World {
  readonly server: Namespace
  readonly client: Namespace

  constructor(onOver: (remove: () => void) => void) {
    this.server = new Namespace(onOver)
    this.client = new Namespace(onOver)
    this.server.addAddress(SERVER)
    this.server.connect(this.client, 'wifi')
    this.server.connect(this.client, 'mobile')
    this.server.ip('address', 'add', '10.99.1.1/24', 'dev', 'wifi')
    this.server.ip('address', 'add', '10.99.2.1/24', 'dev', 'mobile')
    this.client.ip('address', 'add', '10.99.1.2/24', 'dev', 'wifi')
    this.client.ip('route', 'add', SERVER, 'via', '10.99.1.1')
  }

  joinMobile(address: string): void {
    this.client.ip('address', 'add', `${address}/24`, 'dev', 'mobile')
    this.client.ip('route', 'replace', SERVER, 'via', '10.99.2.1')
  }

  leaveMobile(address: string): void {
    this.client.ip('address', 'del', `${address}/24`, 'dev', 'mobile')
  }
}
