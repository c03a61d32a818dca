import { UDPipe, type UDPipeOptions } from 'udpipe'
import { describe, expect, it } from 'vitest'
import { RecordingPipe } from '../support/recording-pipe.ts'
import { createRig, type Rig } from '../support/rig.ts'

const host = '127.0.0.2'
const timeoutMs = 3_000

describe('start', () => {
  it.each<[form: string, start: (pipe: UDPipe) => Promise<unknown>]>([
    ['(port, host)', (pipe) => pipe.start(0, host)],
    ['(port, host, timeout)', (pipe) => pipe.start(0, host, 3)],
    ['(port, host, timeout, options)', (pipe) => pipe.start(0, host, 3, {})],
    ['(port, host, options)', (pipe) => pipe.start(0, host, {})],
    ['(port, options)', (pipe) => pipe.start(0, { host })],
    ['(options)', (pipe) => pipe.start({ port: 0, host })],
  ])('takes %s', async (_form, start) => {
    const rig = createRig()

    await expect(start(rig.pipe())).resolves.toMatchObject({ host })
  })

  it('takes nothing', async () => {
    const rig = createRig()

    await expect(rig.pipe().start()).resolves.toMatchObject({ host: '0.0.0.0' })
  })

  it.each<[form: string, start: (pipe: UDPipe, port: number) => Promise<unknown>]>([
    ['(port, host, timeout)', (pipe) => pipe.start(0, host, 3)],
    ['(port, host, timeout, options)', (pipe) => pipe.start(0, host, 3, { maxClients: 1 })],
    ['(port, host, options)', (pipe) => pipe.start(0, host, { timeoutMs })],
    ['(options)', (pipe) => pipe.start({ host, timeoutMs })],
  ])('has the timeout of %s', async (_form, start) => {
    const rig = createRig()
    const server = rig.pipe()
    const client = rig.pipe()
    const { port } = (await start(server, 0)) as { port: number }
    void client.connect(host, port)
    await rig.until(() => server.names.includes('onConnect'))
    rig.freeze(client)

    expect(await silenceUntilDisconnect(rig, server)).toBe(timeoutMs)
  })
})

describe('connect', () => {
  it.each<[form: string, connect: (pipe: UDPipe, port: number) => Promise<unknown>]>([
    ['(host, port)', (pipe, port) => pipe.connect(host, port)],
    ['(host, port, timeout)', (pipe, port) => pipe.connect(host, port, 3)],
    ['(host, port, timeout, options)', (pipe, port) => pipe.connect(host, port, 3, {})],
    ['(host, port, options)', (pipe, port) => pipe.connect(host, port, {})],
    ['(host, options)', (pipe, port) => pipe.connect(host, { port })],
    ['(options)', (pipe, port) => pipe.connect({ host, port })],
  ])('takes %s', async (_form, connect) => {
    const rig = createRig()
    const server = rig.pipe()
    const client = rig.pipe()
    const { port } = await server.start(0, host)

    void connect(client, port)
    await rig.until(() => client.names.includes('onConnect'))

    expect(client.lastPeer.address).toBe(host)
  })

  it('goes to this machine when no host is named', async () => {
    const rig = createRig()
    const server = rig.pipe()
    const client = rig.pipe()
    const port = await rig.start(server)

    void client.connect({ port })
    await rig.until(() => client.names.includes('onConnect'))

    expect(client.lastPeer.address).toBe('127.0.0.1')
  })

  it.each<[form: string, connect: (pipe: UDPipe, port: number) => Promise<unknown>]>([
    ['(host, port, timeout)', (pipe, port) => pipe.connect(host, port, 3)],
    ['(host, port, timeout, options)', (pipe, port) => pipe.connect(host, port, 3, { token: '' })],
    ['(options)', (pipe, port) => pipe.connect({ host, port, timeoutMs })],
  ])('has the timeout of %s', async (_form, connect) => {
    const rig = createRig()
    const server = rig.pipe()
    const client = rig.pipe()
    const { port } = await server.start(0, host)
    void connect(client, port)
    await rig.until(() => client.names.includes('onConnect'))
    rig.freeze(server)

    expect(await silenceUntilDisconnect(rig, client)).toBe(timeoutMs)
  })
})

describe('the constructor', () => {
  it.each<[form: string, create: (options: UDPipeOptions) => RecordingPipe]>([
    ['(port, host, timeout, options)', (options) => new RecordingPipe(0, host, 3, options)],
    ['(port, host, options)', (options) => new RecordingPipe(0, host, { ...options, timeoutMs })],
    ['(port, options)', (options) => new RecordingPipe(0, { ...options, host, timeoutMs })],
    ['(options)', (options) => new RecordingPipe({ ...options, port: 0, host, timeoutMs })],
  ])('takes %s, and start has what it names', async (_form, create) => {
    const rig = createRig()
    const server = rig.add(create(rig.options))
    const client = rig.pipe()

    const address = await server.start()
    void client.connect(host, address.port)
    await rig.until(() => server.names.includes('onConnect'))
    rig.freeze(client)

    expect(address.host).toBe(host)
    expect(await silenceUntilDisconnect(rig, server)).toBe(timeoutMs)
  })

  it('names what connect dials', async () => {
    const rig = createRig()
    const server = rig.pipe()
    const { port } = await server.start(0, host)
    const client = rig.add(new RecordingPipe(port, host, rig.options))

    void client.connect()
    await rig.until(() => client.names.includes('onConnect'))

    expect(client.lastPeer.address).toBe(host)
  })

  it('takes nothing', () => {
    expect(() => new UDPipe()).not.toThrow()
  })
})

describe('what a call names', () => {
  it('goes before what the constructor named', async () => {
    const rig = createRig()
    const server = rig.pipe({ host: '127.0.0.3' })

    await expect(server.start(0, host)).resolves.toMatchObject({ host })
  })

  it('as an argument goes before the same as an option', async () => {
    const rig = createRig()
    const server = rig.pipe()
    const client = rig.pipe()
    const { port } = await server.start(0, host, 3, { host: '127.0.0.3', timeoutMs: 7_000 })
    void client.connect(host, port)
    await rig.until(() => server.names.includes('onConnect'))
    rig.freeze(client)

    expect(await silenceUntilDisconnect(rig, server)).toBe(timeoutMs)
  })

  it('is forgotten by the next start', async () => {
    const rig = createRig()
    const server = rig.pipe()
    await server.start(0, host)
    await server.close()

    await expect(server.start()).resolves.toMatchObject({ host: '0.0.0.0' })
  })

  it('may be the clock, too', async () => {
    const rig = createRig()
    const server = rig.add(new RecordingPipe())
    const client = rig.add(new RecordingPipe())
    const clock = rig.clock.read
    await server.start(0, host, { protocols: ['classic'], clock })
    server.step()
    const waits: number[] = []
    void client.connect(host, 9, { protocol: 'classic', clock })

    for (let i = 0; i < 3; i += 1) {
      client.step()
      waits.push(client.step())
      rig.clock.advance(50)
    }

    expect(waits).toEqual([200, 150, 100])
  })

  it('may be the logger, too', async () => {
    const rig = createRig()
    const lines: string[] = []
    const logger = { debug: (line: string) => lines.push(line), warn: () => {} }
    const client = rig.pipe()

    void client.connect(host, 9, { logger, debug: true })
    client.flush()
    await rig.settle()

    expect(lines.length).toBeGreaterThan(0)
  })
})

/** How long a peer must be silent until its connection ends, in slices of 100 ms. */
async function silenceUntilDisconnect(rig: Rig, pipe: RecordingPipe): Promise<number> {
  let silenceMs = 0
  while (!pipe.names.includes('onDisconnect') && silenceMs < 20_000) {
    await rig.pass(100)
    silenceMs += 100
  }
  return silenceMs
}
