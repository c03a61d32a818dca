import { generateServerKey, refusalCodes, type AdmissionAnswer, type UDPipeOptions } from 'udpipe'
import { describe, expect, it, vi } from 'vitest'
import { Lobby, Player } from '../support/lobby.ts'

type Answer = AdmissionAnswer | PromiseLike<AdmissionAnswer>

function deciding(onNewClient: () => Answer, options: UDPipeOptions = {}): Player {
  return new Player(options, { onNewClient })
}

function later<T>(value: T): Promise<T> {
  return new Promise((resolve) => setImmediate(() => resolve(value)))
}

const banned = { code: 42, reason: 'banned until Monday', reconnect: false }

describe('onNewClient', () => {
  it.each([
    ['at once', () => banned],
    ['as a promise', () => later(banned)],
  ])('refuses with a code and a reason, and asks not to come again: %s', async (_when, decide) => {
    const lobby = new Lobby(deciding(decide))
    const client = lobby.join(new Player())
    await lobby.pass(30_000)

    expect(client.log).toEqual(['ERR_REFUSED'])
    expect(client.errors[0]?.refusal).toEqual({ code: 42, reason: 'banned until Monday' })
    expect(lobby.server.log).toEqual(['new client'])
    expect(lobby.server.counters.refusedClients).toBe(1)
    expect(client.signal.aborted).toBe(true)
  })

  it.each([
    ['at once', () => false],
    ['as a promise', () => later(false)],
    ['as a promise of an async function', async () => (await later(1)) > 1],
  ])('refuses with false, and the client dials again: %s', async (_when, decide) => {
    const lobby = new Lobby(deciding(decide))
    const client = lobby.join(new Player())
    await lobby.pass(5_000)

    expect(client.count('connected')).toBe(0)
    expect(client.errors.length).toBeGreaterThan(2)
    expect(client.errors[0]?.refusal).toMatchObject({ code: refusalCodes.refused })
  })

  it.each([
    ['undefined', () => undefined],
    ['true', () => true],
    ['a promise of undefined', () => later(undefined)],
    ['a promise of true', () => later(true)],
    ['anything with then', () => ({ then: (done: (value: true) => void) => done(true) }) as PromiseLike<true>],
  ])('lets in with %s', async (_what, decide) => {
    const lobby = new Lobby(deciding(decide))
    const client = lobby.join(new Player())
    await lobby.pass(1_000)

    expect(client.log).toEqual(['connected'])
    expect(lobby.server.log).toEqual(['new client', 'connected'])
  })

  it('rejects connect with the refusal when the client is not to dial again', async () => {
    const lobby = new Lobby(deciding(() => banned))
    const client = new Player()
    const connect = vi.spyOn(client, 'connect')
    lobby.join(client)
    const connecting = expect(connect.mock.results[0]?.value).rejects.toMatchObject({
      code: 'ERR_REFUSED',
      refusal: { code: 42, reason: 'banned until Monday' },
    })
    await lobby.pass(1_000)
    await connecting
  })

  it('is called once, however often HELLO comes again while its promise is pending', async () => {
    const lobby = new Lobby(deciding(() => new Promise((resolve) => lobby.at(4_000, () => resolve(true)))))
    const client = lobby.join(new Player())
    await lobby.pass(3_900)
    expect(client.log).toEqual([])
    await lobby.pass(1_000)

    expect(lobby.server.log).toEqual(['new client', 'connected'])
    expect(client.log).toEqual(['connected'])
  })

  it('is called once by a classic client, too, whose GO AWAY! says nothing more', async () => {
    const lobby = new Lobby(deciding(() => later(banned), { protocols: ['classic'] }))
    const client = lobby.join(new Player({ protocol: 'classic', reconnect: false }))
    await lobby.pass(2_000)

    expect(lobby.server.log).toEqual(['new client'])
    expect(client.errors[0]).toMatchObject({ code: 'ERR_REFUSED', refusal: { code: 0, reason: '' } })
  })

  it('refuses after admissionTimeoutMs, and says so at both ends; what is decided later changes nothing', async () => {
    const decide: ((answer: true) => void)[] = []
    const lobby = new Lobby(
      deciding(() => new Promise((resolve) => decide.push(resolve)), { admissionTimeoutMs: 1_000 }),
    )
    const client = lobby.join(new Player({ reconnect: false }))
    await lobby.pass(900)
    expect(client.log).toEqual([])
    await lobby.pass(300)
    for (const resolve of decide) resolve(true)
    await lobby.pass(1_000)

    expect(client.errors[0]?.refusal).toEqual({
      code: refusalCodes.refused,
      reason: 'the server’s program did not answer in time',
    })
    expect(lobby.server.log).toEqual(['new client', 'ERR_ADMISSION_FAILED'])
    expect([...lobby.server.peers()]).toEqual([])
  })

  it('refuses when its promise rejects, and onError has the cause', async () => {
    const lobby = new Lobby(deciding(() => Promise.reject(new Error('the database is down'))))
    const client = lobby.join(new Player({ reconnect: false }))
    await lobby.pass(1_000)

    expect(client.errors[0]?.refusal).toMatchObject({ code: refusalCodes.refused })
    expect(lobby.server.errors).toEqual([
      expect.objectContaining({ code: 'ERR_ADMISSION_FAILED', cause: new Error('the database is down') }),
    ])
  })

  it.each([null, 0, 'no', { code: 'banned' }, { code: -1 }, { reason: 5 }, { reconnect: 'no' }])(
    'refuses when it promises what is no answer, and onError says what is: %j',
    async (answer) => {
      const lobby = new Lobby(deciding(() => later(answer as never)))
      const client = lobby.join(new Player({ reconnect: false }))
      await lobby.pass(1_000)

      expect(client.errors[0]?.refusal).toMatchObject({ code: refusalCodes.refused })
      expect(lobby.server.errors.map(({ code }) => code)).toEqual(['ERR_ARGUMENT_INVALID'])
    },
  )

  it('throws out of step when it returns what is no answer, and the client is refused', async () => {
    const server = deciding(() => 'no' as never)
    const { port } = await server.start(0, '127.0.0.1')
    const client = new Player({ reconnect: false })
    void client.connect('127.0.0.1', port)
    const step = async (): Promise<void> => {
      for (let i = 0; i < 200 && client.errors.length === 0; i += 1) {
        client.step()
        server.step()
        await later(1)
      }
    }
    await expect(step()).rejects.toMatchObject({ code: 'ERR_ARGUMENT_INVALID' })
    await step()
    expect(client.errors[0]?.refusal).toMatchObject({ code: refusalCodes.refused })
    await Promise.all([client.close(), server.close()])
  })

  it('counts those that it has yet to decide on as clients', async () => {
    const decide: ((answer: true) => void)[] = []
    const server = deciding(() => new Promise((resolve) => decide.push(resolve)), { maxClients: 2 })
    const lobby = new Lobby(server)
    const clients = [1, 2, 3].map(() => lobby.join(new Player({ reconnect: false })))
    await lobby.pass(500)
    for (const resolve of decide) resolve(true)
    await lobby.pass(500)

    expect(clients.map(({ log }) => log)).toEqual([['connected'], ['connected'], ['ERR_REFUSED']])
    expect(clients[2]?.errors[0]?.refusal).toMatchObject({ code: refusalCodes.full })
  })

  it('counts them as clients of their address, and no longer than until they are decided on', async () => {
    const server = deciding(() => later(false), { maxClientsPerAddress: 1 })
    const lobby = new Lobby(server)
    const clients = [1, 2].map((i) =>
      lobby.connect(new Player({ reconnect: false }), 1234, { host: '10.9.0.1', port: 5_000 + i }),
    )
    await lobby.pass(500)
    const third = lobby.connect(new Player({ reconnect: false }), 1234, { host: '10.9.0.1', port: 6_000 })
    await lobby.pass(500)

    const codes = [...clients, third].map(({ errors }) => errors[0]?.refusal?.code)
    expect(codes).toEqual([refusalCodes.refused, refusalCodes.fullForAddress, refusalCodes.refused])
  })

  it('takes no more places than there are, whoever is decided on first', async () => {
    const decide: ((answer: true) => void)[] = []
    const asked = { isDeferred: false }
    const server = deciding(() => (asked.isDeferred ? new Promise((resolve) => decide.push(resolve)) : true), {
      maxClients: 1,
      timeoutMs: 2_000,
    })
    const full = vi.spyOn(server, 'onMaxClients')
    const lobby = new Lobby(server)
    const lost = lobby.join(new Player())
    await lobby.pass(500)
    // Its place may be taken, and two ask for it.
    lobby.crash(lost)
    await lobby.pass(3_000)
    asked.isDeferred = true
    const clients = [1, 2].map(() => lobby.join(new Player({ reconnect: false })))
    await lobby.pass(500)
    for (const resolve of decide) resolve(true)
    await lobby.pass(500)

    expect(clients.map(({ log }) => log)).toEqual([['connected'], ['ERR_REFUSED']])
    expect(clients[1]?.errors[0]?.refusal).toMatchObject({ code: refusalCodes.full })
    expect(full).toHaveBeenCalledOnce()
  })

  it('leaves a handshake half open until it has decided: there are no more of one address than may be', async () => {
    const server = deciding(() => new Promise(() => {}), { maxHandshakesPerAddress: 1 })
    const lobby = new Lobby(server)
    for (const port of [5_001, 5_002]) lobby.connect(new Player(), 1234, { host: '10.9.0.1', port })
    await lobby.pass(2_000)

    expect(server.count('new client')).toBe(1)
    expect(server.counters.limitedHellos).toBeGreaterThan(0)
  })

  it('is over for who waits for it when the server closes: they are told that it does', async () => {
    const lobby = new Lobby(deciding(() => new Promise(() => {})))
    const client = lobby.join(new Player({ reconnect: false }))
    await lobby.pass(500)
    void lobby.server.close()
    await lobby.pass(500)

    expect(client.errors[0]?.refusal).toMatchObject({ code: refusalCodes.closing })
    expect(lobby.server.signal.aborted).toBe(true)
  })
})

describe('refusalCodes', () => {
  const key = generateServerKey()
  const otherKey = generateServerKey()

  it.each<[keyof typeof refusalCodes, UDPipeOptions, UDPipeOptions]>([
    ['badToken', { token: 'right' }, { token: 'wrong' }],
    ['securityMismatch', { security: 'none' }, {}],
    ['securityMismatch', {}, { security: 'none' }],
    ['securityMismatch', { token: 'right' }, { token: 'wrong', security: 'none' }],
    ['wrongServerKey', { serverPrivateKey: key.privateKey }, { serverKey: otherKey.publicKey }],
    ['wrongServerKey', {}, { serverKey: otherKey.publicKey }],
    [
      'badToken',
      { token: 'right', serverPrivateKey: key.privateKey },
      { token: 'wrong', serverKey: otherKey.publicKey },
    ],
    ['badToken', { token: 'right', serverPrivateKey: key.privateKey }, { token: 'wrong', serverKey: key.publicKey }],
    ['noFreePort', { privatePorts: { min: 1234, max: 1234 } }, {}],
  ])('tells %s for what it is: server %j, client %j', async (why, serverOptions, clientOptions) => {
    const lobby = new Lobby(new Player({ ...serverOptions, logger: { debug: () => {}, warn: () => {} } }))
    const client = lobby.join(new Player({ ...clientOptions, reconnect: false }))
    await lobby.pass(2_000)

    expect(client.errors).toEqual([expect.objectContaining({ code: 'ERR_REFUSED' })])
    expect(client.errors[0]?.refusal?.code).toBe(refusalCodes[why])
    expect(client.errors[0]?.message).toMatch(/GO AWAY!: .+ Giving up\.$/)
  })

  it('are the library’s, apart from each other and from what a program says', () => {
    const codes = Object.values(refusalCodes)
    expect(new Set(codes).size).toBe(codes.length)
    for (const code of codes) expect(code).toBeGreaterThanOrEqual(65_280)
  })
})
