import { networkInterfaces } from 'node:os'
import { createConnectToken } from 'udpipe'
import { describe, expect, it } from 'vitest'
import { freePort, openRawSocket } from '../support/raw-socket.ts'
import { createRig } from '../support/rig.ts'

const hasIPv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
)

describe('names', () => {
  it('are looked up by start and connect', async () => {
    const rig = createRig()
    const server = rig.pipe()
    const client = rig.pipe()

    const { host, port } = await server.start(0, 'localhost')
    void client.connect('localhost', port)
    await rig.until(() => client.names.includes('onConnect'))

    expect(host).toBe('127.0.0.1')
    expect(client.lastPeer.address).toBe('127.0.0.1')
  })

  it('that do not resolve make start reject, and reach onError', async () => {
    const rig = createRig()
    const server = rig.pipe()

    await expect(server.start(0, 'does-not-exist.invalid')).rejects.toMatchObject({ code: 'ERR_HOST_NOT_FOUND' })

    server.step()
    expect(server.errorCodes).toEqual(['ERR_HOST_NOT_FOUND'])
    expect(server.signal.aborted).toBe(true)
  })

  it('that do not resolve make connect reject, and reach onError', async () => {
    const rig = createRig()
    const client = rig.pipe()

    await expect(client.connect('does-not-exist.invalid', 1234)).rejects.toMatchObject({ code: 'ERR_HOST_NOT_FOUND' })

    client.step()
    expect(client.errorCodes).toEqual(['ERR_HOST_NOT_FOUND'])
    expect(client.signal.aborted).toBe(true)
  })

  it('that do not resolve leave a UDPipe that can be used for another', async () => {
    const rig = createRig()
    const server = rig.pipe()
    const client = rig.pipe()
    const port = await rig.start(server)
    await expect(client.connect('does-not-exist.invalid', port)).rejects.toThrow()
    client.step()

    await rig.connect(server, port, client)

    expect([...client.peers()]).toHaveLength(1)
  })
})

describe('the address of a server that is bound to every address', () => {
  it.each([
    ['0.0.0.0', '0.0.0.0', '127.0.0.1'],
    ...(hasIPv6
      ? [
          ['::', '::', '::1'],
          ['::', '0:0::0', '::1'],
          ['::', '0.0.0.0', '127.0.0.1'],
        ]
      : []),
  ])(
    'is this machine to who dials it, of the same family: bound to %s, dialed at %s',
    async (bound, dialed, reached) => {
      const rig = createRig('reliable')
      const [server, client] = [rig.pipe(), rig.pipe()]
      const { port } = await server.start(0, bound)

      void client.connect(dialed, port)
      await rig.until(() => client.names.includes('onConnect'))

      expect(client.lastPeer.address).toBe(reached)
    },
  )

  it('is this machine in a connect token, too', async () => {
    const key = 'A'.repeat(43)
    const rig = createRig('reliable')
    const [server, client] = [rig.pipe({ connectTokenKey: key }), rig.pipe()]
    const { port } = await server.start(0, '0.0.0.0')
    const connectToken = createConnectToken({ key, clientId: 'ada', servers: [`0.0.0.0:${port}`] })

    void client.connect({ connectToken })
    await rig.until(() => client.names.includes('onConnect'))

    expect(client.lastPeer.address).toBe('127.0.0.1')
  })
})

describe('a port that is taken', () => {
  it('makes start reject, and reaches onError', async () => {
    const rig = createRig()
    const { port } = await openRawSocket()
    const server = rig.pipe()

    await expect(server.start(port, '127.0.0.1')).rejects.toMatchObject({ code: 'ERR_ADDRESS_IN_USE' })

    expect(server.errorCodes).toEqual([])
    server.step()
    expect(server.errorCodes).toEqual(['ERR_ADDRESS_IN_USE'])
  })

  it('leaves a UDPipe that can be started at another', async () => {
    const rig = createRig()
    const { port } = await openRawSocket()
    const server = rig.pipe()
    await expect(server.start(port, '127.0.0.1')).rejects.toThrow()

    await expect(server.start(0, '127.0.0.1')).resolves.toMatchObject({ host: '127.0.0.1' })
  })
})

describe('an address of another machine', () => {
  it('makes start reject, and reaches onError', async () => {
    const rig = createRig()
    const server = rig.pipe()

    await expect(server.start(0, '203.0.113.7')).rejects.toMatchObject({ code: 'ERR_ADDRESS_NOT_AVAILABLE' })

    server.step()
    expect(server.errorCodes).toEqual(['ERR_ADDRESS_NOT_AVAILABLE'])
  })
})

describe.runIf(hasIPv6)('IPv6', () => {
  it('connects server and client, and carries messages both ways', async () => {
    const rig = createRig()
    const server = rig.pipe()
    const client = rig.pipe()
    const { host, port } = await server.start(0, '::1')
    void client.connect('::1', port)
    await rig.until(() => client.names.includes('onConnect') && server.names.includes('onConnect'))

    client.send('to the server')
    server.send('to the client', server.lastPeer)
    await rig.until(() => server.messages.length > 0 && client.messages.length > 0)

    expect(host).toBe('::1')
    expect(client.called('onConnecting')[0]?.[1]).toBe('::1')
    expect(server.called('onNewClient')[0]?.[3]).toBe('::1')
    expect(server.lastPeer.address).toBe('::1')
    expect(server.messages).toEqual(['to the server'])
    expect(client.messages).toEqual(['to the client'])
  })

  it('writes its addresses in CONNECT as they are bound', async () => {
    const rig = createRig()
    const server = rig.pipe()
    const { port } = await server.start(0, '::1')
    const visitor = await openRawSocket(0, '::1')

    visitor.say('HELLO ', port)
    await rig.until(() => visitor.texts.length === 1)

    expect(visitor.texts[0]).toMatch(/^CONNECT ::1 \d+$/)
  })

  it('lets IPv4 clients in where a server listens on every address', async () => {
    const rig = createRig()
    const server = rig.pipe()
    const client = rig.pipe()
    const { port } = await server.start(0, '::')

    await rig.connect(server, port, client)
    client.send('from IPv4')
    await rig.until(() => server.messages.length > 0)

    expect(server.lastPeer.address).toBe('127.0.0.1')
    expect(client.lastPeer.address).toBe('127.0.0.1')
    expect(server.messages).toEqual(['from IPv4'])
  })

  it('lets IPv6 clients in there, too', async () => {
    const rig = createRig()
    const server = rig.pipe()
    const client = rig.pipe()
    const { port } = await server.start(0, '::')
    void client.connect('::1', port)

    await rig.until(() => server.names.includes('onConnect'))

    expect(server.lastPeer.address).toBe('::1')
  })
})

describe.runIf(hasIPv6).each([
  { ports: 'private', options: {} },
  { ports: 'shared', options: { privatePorts: 'shared' } },
] as const)('a server on every address of both families, with $ports ports', ({ options }) => {
  it.each(['classic', 'reliable'] as const)('serves %s clients of both at once', async (protocol) => {
    const rig = createRig(protocol)
    const server = rig.pipe(options)
    const [four, six] = [rig.pipe(), rig.pipe()]
    const { port } = await server.start(0, '::')
    void four.connect('127.0.0.1', port)
    void six.connect('::1', port)
    await rig.until(() => server.called('onConnect').length === 2)
    await rig.passUntil(() => [four, six].every(({ names }) => names.includes('onConnect')))

    four.send('from IPv4')
    six.send('from IPv6')
    server.sendAll('to both')
    await rig.passUntil(() => server.messages.length === 2 && [four, six].every(({ messages }) => messages.length > 0))

    expect([...server.messages].sort()).toEqual(['from IPv4', 'from IPv6'])
    expect([...server.peers()].map(({ address }) => address).sort()).toEqual(['127.0.0.1', '::1'])
    expect([four.lastPeer.address, six.lastPeer.address]).toEqual(['127.0.0.1', '::1'])
  })

  it.each([
    { advertisedHost: ['203.0.113.7', '2001:db8::7'], four: '203.0.113.7', six: '2001:db8::7' },
    { advertisedHost: '203.0.113.7', four: '203.0.113.7', six: '::' },
    { advertisedHost: ['2001:db8::7'], four: '::', six: '2001:db8::7' },
  ])(
    'tells each client the advertised address of its family: $advertisedHost',
    async ({ advertisedHost, four, six }) => {
      const rig = createRig()
      const server = rig.pipe({ ...options, advertisedHost })
      const { port } = await server.start(0, '::')
      const visitors = [await openRawSocket(), await openRawSocket(0, '::1')]

      for (const visitor of visitors) visitor.say('HELLO ', port)
      await rig.until(() => visitors.every(({ texts }) => texts.length === 1))

      expect(visitors.map(({ texts }) => texts[0]?.split(' ')[1])).toEqual([four, six])
    },
  )

  it('keeps a client of the family that none is advertised for at the address that it dialed', async () => {
    const rig = createRig('reliable')
    const server = rig.pipe({ ...options, advertisedHost: '203.0.113.7' })
    const client = rig.pipe()
    const { port } = await server.start(0, '::')
    void client.connect('::1', port)

    await rig.passUntil(() => client.names.includes('onConnect'))

    expect(client.lastPeer.address).toBe('::1')
  })
})

describe('a port where nobody listens', () => {
  it('is no more than a hint: the client goes on dialing', async () => {
    const rig = createRig()
    const client = rig.pipe()
    void client.connect('127.0.0.1', await freePort())

    await rig.pass(2_000)

    expect(client.errorCodes).toEqual([])
    expect(client.counters.hints).toBeGreaterThan(0)
    expect(client.signal.aborted).toBe(false)
  })
})
