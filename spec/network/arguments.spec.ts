import { ChildProgram } from '../support/child-program.ts'
import * as network from 'udpipe/network'
import { describe, expect, it } from 'vitest'
import { expectCode, NetworkRig } from '../support/network-rig.ts'

// Calls as a program in plain JavaScript makes them.
const Server = network.Server as (...args: unknown[]) => Promise<[network.Server | null, string]>
const Client = network.Client as (...args: unknown[]) => Promise<[network.Client | null, string]>
const KEY = '0C03EA65238DD2C25EB87CE563868098'

describe.each([
  ['Server', Server],
  ['Client', Client],
] as const)('%s', (name, open) => {
  it.each([
    ['an address that is a number', [5, 4096]],
    ['no address', []],
    ['an address that is null', [null, 4096]],
    ['a port that is a string', ['127.0.0.1', '4096']],
    ['a port that is a bigint', ['127.0.0.1', 4096n]],
    ['a port that is an object', ['127.0.0.1', {}]],
    ['a key that is a Buffer', ['127.0.0.1', 4096, Buffer.alloc(16)]],
    ['a key that is a number', ['127.0.0.1', 4096, 12]],
  ])('throws at once for %s', (_what, args) => {
    expect(() => void open(...args)).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT_INVALID' }))
  })

  it.each([1, 80, 1_023, 65_536, -1, 4096.5, NaN, Infinity])('has a result for the port %d', async (port) => {
    const [object, result] = await open('127.0.0.1', port)
    expect(object).toBe(null)
    expectCode(result, 'ERR_PORT_INVALID')
    expect(result).toContain(String(port))
  })

  it.each(['0C03EA65', `${KEY}0`, `G${KEY.slice(1)}`, KEY.repeat(3), ' '.repeat(32), `${KEY}\n`])(
    'has a result for a key that is none, which does not repeat it (%#)',
    async (key) => {
      const [object, result] = await open('127.0.0.1', 4096, key)
      expect(object).toBe(null)
      expectCode(result, 'ERR_KEY_INVALID')
      expect(result).not.toContain(key)
      expect(result).not.toContain('0C03')
    },
  )

  it('throws for an option that there is not, and names those there are', () => {
    expect(() => void open('127.0.0.1', 4096, '', { maxTableByte: 5 })).toThrow(
      expect.objectContaining({
        code: 'ERR_OPTION_UNKNOWN',
        message: expect.stringMatching(
          new RegExp(`^${name} has no option 'maxTableByte'; there are transport, `),
        ) as string,
      }),
    )
  })

  it.each([
    ['transport', 'sctp'],
    ['maxTableBytes', 1_023],
    ['maxTableBytes', 64 * 1024 * 1024 + 1],
    ['maxTableBytes', '1000'],
    ['maxDepth', 0],
    ['maxDepth', 257],
    ['maxSendBytes', 1_023],
    ['maxSendTables', 0],
    ['keepAliveMs', -1],
    ['timeoutMs', 1.5],
    ['slowMs', NaN],
    ['unref', 1],
    ['udp', 5],
    ['udp', { token: 'mine' }],
    ['udp', { reconnect: true }],
    ['udp', { channels: {} }],
    ['udp', { protocol: 'classic' }],
    ['udp', { maxMessageBytes: 5 }],
    ['udp', null],
  ])('throws for the option %s: %o', (option, value) => {
    expect(() => void open('127.0.0.1', 4096, '', { [option]: value })).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION_INVALID', message: expect.stringContaining(option) as string }),
    )
  })

  it.each([[null], [5], ['x'], [[]]])('throws for options that are none: %o', (options) => {
    expect(() => void open('127.0.0.1', 4096, '', options)).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION_INVALID' }),
    )
  })

  it('throws for options of UDPipe that there are not, or that are out of range', () => {
    const opening = (udp: object) => (): void => void open('127.0.0.1', 4096, '', { transport: 'udp', udp })
    expect(opening({ bogus: 1 })).toThrow(expect.objectContaining({ code: 'ERR_OPTION_UNKNOWN' }))
    expect(opening({ mtuBytes: 1 })).toThrow(expect.objectContaining({ code: 'ERR_OPTION_INVALID' }))
  })

  it('has a result for an address that is empty', async () => {
    expectCode((await open('', 4096))[1], 'ERR_HOST_NOT_FOUND')
  })

  it('throws for times that would end every idle connection, and for unref over UDP', () => {
    expect(() => void open('127.0.0.1', 4096, '', { keepAliveMs: 500, timeoutMs: 500 })).toThrow(/must be less than/)
    expect(() => void open('127.0.0.1', 4096, '', { unref: true, transport: 'udp' })).toThrow(/unref/)
  })
})

describe('Server', () => {
  it.each([[0], [null], [undefined]])('lets the system choose a port for %o', async (port) => {
    const [server, result] = await network.Server('127.0.0.1', port)
    expect(result).toBe('OK')
    expect(server?.GetPort()).toBeGreaterThan(1_023)
    await server?.Close()
  })

  it('takes a name, and null or an empty string for no key', async () => {
    for (const key of [null, '', undefined]) {
      const [server] = await network.Server('localhost', 0, key)
      expect(server?.GetAddress()).toMatch(/^(127\.0\.0\.1|::1)$/)
      await server?.Close()
    }
  })

  it.each([
    ['a host that there is not', 'no-such-host.invalid', 'ERR_HOST_NOT_FOUND'],
    ['an address of another machine', '192.0.2.1', 'ERR_ADDRESS_NOT_AVAILABLE'],
  ])('has a result for %s', async (_what, address, code) => {
    for (const transport of ['tcp', 'udp'] as const) {
      const [server, result] = await network.Server(address, 0, '', { transport })
      expect(server).toBe(null)
      expectCode(result, code)
    }
  })

  it.each([
    ['maxConnections', 0],
    ['maxConnections', 65_536],
    ['maxHandshakes', 0],
    ['handshakeTimeoutMs', 49],
    ['handshakeTimeoutMs', 60_001],
    ['keepConnections', 'yes'],
  ])('throws for the option %s: %o', (option, value) => {
    expect(() => void Server('127.0.0.1', 0, '', { [option]: value })).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION_INVALID' }),
    )
  })

  it('has no options of a client', () => {
    expect(() => void Server('127.0.0.1', 0, '', { connectTimeoutMs: 500 })).toThrow(/no option/)
  })
})

describe('Client', () => {
  it.each([[null], [undefined], [0]])('has a result for the port %o', async (port) => {
    const [client, result] = await network.Client('127.0.0.1', port)
    expect(client).toBe(null)
    expectCode(result, 'ERR_PORT_INVALID')
  })

  it('resolves before it is connected, and hears of a host that there is not', async () => {
    for (const transport of ['tcp', 'udp'] as const) {
      const rig = new NetworkRig()
      const client = await rig.client('no-such-host.invalid', 4096, '', { transport })
      expect([client.GetAddress(), client.GetPort()]).toEqual(['no-such-host.invalid', null])
      const { Result, Errors } = await rig.last(network.EVENT_CONNECTED)
      expect(Result).toBe(false)
      expectCode(Errors, 'ERR_HOST_NOT_FOUND')
    }
  })

  it.each([
    ['connectTimeoutMs', 49],
    ['maxConnections', 5],
  ])('throws for the option %s: %o', (option, value) => {
    expect(() => void Client('127.0.0.1', 4096, '', { [option]: value })).toThrow(network.UDPipeError)
  })

  it('WaitForConnect takes a quarter of a second to ten, and throws for anything else', async () => {
    const rig = new NetworkRig()
    const server = await rig.server('127.0.0.1')
    const client = await rig.client('127.0.0.1', server.GetPort())
    const wait = client.WaitForConnect.bind(client) as (timeout?: unknown) => Promise<[boolean, number]>

    for (const timeout of [0.2, 11, -1, NaN, '2', null]) {
      expect(() => void wait(timeout), String(timeout)).toThrow(
        expect.objectContaining({ code: 'ERR_ARGUMENT_INVALID' }),
      )
    }
    const outcomes = await Promise.all([wait(0.25), wait(10), wait()])
    expect(outcomes.map(([isConnected]) => isConnected)).toEqual([true, true, true])
  })

  it('WaitForConnect ends the waiting on a timeout, and not the dialling', async () => {
    const rig = new NetworkRig()
    const { createServer } = await import('node:net')
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await new Promise((resolve) => silent.once('listening', resolve))
    const client = await rig.client('127.0.0.1', (silent.address() as { port: number }).port)

    const [isConnected, seconds] = await client.WaitForConnect(0.25)

    expect(isConnected).toBe(false)
    expect(seconds).toBeGreaterThan(0.24)
    rig.poll()
    expect(rig.events).toEqual([])
    client.Disconnect()
    const [after] = await client.WaitForConnect(0.25)
    expect(after).toBe(false)
    silent.close()
  })

  it('gives up after connectTimeoutMs', async () => {
    const rig = new NetworkRig()
    const { createServer } = await import('node:net')
    const silent = createServer((socket) => socket.resume()).listen(0, '127.0.0.1')
    await new Promise((resolve) => silent.once('listening', resolve))
    const { port } = silent.address() as { port: number }
    await rig.client('127.0.0.1', port, '', { connectTimeoutMs: 100 })

    const { Result, Errors } = await rig.last(network.EVENT_CONNECTED)

    expect(Result).toBe(false)
    expectCode(Errors, 'ERR_CONNECT_TIMEOUT')
    await rig.settle()
    expect(rig.words()).toEqual(['CONNECTED ERR_CONNECT_TIMEOUT'])
    silent.close()
  })
})

describe('Send, Broadcast and Disconnect', () => {
  it('throw for what is no connection', async () => {
    const rig = new NetworkRig()
    const server = await rig.server('127.0.0.1')
    const [send, disconnect] = [server.Send.bind(server), server.Disconnect.bind(server)] as unknown as [
      (...args: unknown[]) => number,
      (...args: unknown[]) => number,
    ]
    for (const wrong of [undefined, null, 5, {}, server]) {
      expect(() => send([1], wrong)).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT_INVALID' }))
      expect(() => disconnect(wrong)).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT_INVALID' }))
    }
  })

  it('throw for what is no table, also when there is nobody to send it to', async () => {
    const rig = new NetworkRig()
    const server = await rig.server('127.0.0.1')
    const wrong = 'a string' as unknown as network.Table
    expect(() => server.Send(wrong)).toThrow(expect.objectContaining({ code: 'ERR_TABLE_INVALID' }))
    expect(() => server.Broadcast(wrong)).toThrow(expect.objectContaining({ code: 'ERR_TABLE_INVALID' }))
  })
})

describe('createNetwork', () => {
  it('throws for options that there are not, or that are out of range', () => {
    const create = network.createNetwork as (options: unknown) => network.Network
    expect(() => create({ overflows: 'drop' })).toThrow(expect.objectContaining({ code: 'ERR_OPTION_UNKNOWN' }))
    expect(() => create({ overflow: 'grow' })).toThrow(expect.objectContaining({ code: 'ERR_OPTION_INVALID' }))
    expect(() => create({ maxEventBytes: 1 })).toThrow(expect.objectContaining({ code: 'ERR_OPTION_INVALID' }))
  })

  it('makes queues that know nothing of each other', async () => {
    const [one, other] = [new NetworkRig(), new NetworkRig()]
    const server = await one.server('127.0.0.1')
    await other.client('127.0.0.1', server.GetPort())
    await one.next(network.EVENT_CONNECT)
    await other.next(network.EVENT_CONNECTED)
    expect([one.words(), other.words(), network.PollEvents()]).toEqual([['CONNECT OK'], ['CONNECTED OK'], []])
  })
})

describe('without msgpackr', () => {
  it('throws at once, and says how it is installed', async () => {
    const preload = new URL('programs/without-msgpackr.mjs', import.meta.url).pathname
    const program = new ChildProgram('spec/network/programs/first-use.ts', [], { nodeOptions: ['--import', preload] })
    expect(await program.ended).toBe(0)
    expect(program.stdout).toMatch(/^ERR_DEPENDENCY_MISSING.*npm install msgpackr\n$/)
  })

  it('is there with it', async () => {
    const program = new ChildProgram('spec/network/programs/first-use.ts')
    expect(await program.ended).toBe(0)
    expect(program.stdout).toBe('OK\n')
  })
})
