import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Logger } from 'udpipe'
import { describe, expect, it } from 'vitest'
import { RecordingPipe } from '../support/recording-pipe.ts'
import { createRig } from '../support/rig.ts'

describe('setDebug', () => {
  it('writes a line for each datagram and event, times and ports in columns', async () => {
    const rig = createRig()
    const { lines, logger } = recordingLogger()
    const server = rig.pipe()
    const client = rig.pipe({ logger, token: 'swordfish' })
    server.setToken('swordfish')
    client.setDebug(true)
    const port = await rig.start(server)
    await rig.connect(server, port, client)
    const { localPort, port: privatePort } = client.lastPeer

    const place = (mark: string, remotePort: number): string =>
      `    0.000  ${`:${localPort}`.padEnd(7)} ${mark}  ${`127.0.0.1:${remotePort}`.padEnd(22)} `
    const datagram = (what: string, bytes: number): string => `${what.padEnd(32)}${`${bytes} B`.padStart(8)}`
    expect(lines).toEqual([
      `${place('→', port)}${datagram('HELLO ****', 15)}`,
      `${place('·', port)}talks to 127.0.0.1:${port}`,
      `${place('←', port)}${datagram(`CONNECT 127.0.0.1 ${privatePort}`, 18 + String(privatePort).length)}`,
      `${place('·', port)}talks to 127.0.0.1:${privatePort}`,
      `${place('·', privatePort)}connecting`,
      `${place('→', privatePort)}${datagram('CONNECT', 7)}`,
      `${place('←', privatePort)}${datagram('CONNECTED', 9)}`,
      `${place('·', privatePort)}connected`,
    ])
  })

  it('never writes the token', async () => {
    const rig = createRig()
    const { lines, logger } = recordingLogger()
    const options = { logger, debug: true, token: 'swordfish' }

    await rig.connectedPair({ server: options, client: options })

    expect(lines.length).toBeGreaterThan(0)
    expect(lines.join('\n')).not.toContain('swordfish')
  })

  it('writes on a server, too', async () => {
    const rig = createRig()
    const { lines, logger } = recordingLogger()

    const { client, server } = await rig.connectedPair({ server: { logger, debug: true } })
    client.send('hello')
    await rig.until(() => server.messages.length > 0)

    expect(lines.map((line) => line.slice(45).trim().split(/ {2}/)[0])).toEqual([
      'HELLO',
      expect.stringMatching(/^CONNECT 127\.0\.0\.1 \d+$/),
      'CONNECT',
      expect.stringMatching(/^talks to 127\.0\.0\.1:\d+$/),
      'connected',
      'CONNECTED',
      'data',
    ])
  })

  it('can be turned on and off while it runs', async () => {
    const rig = createRig()
    const { lines, logger } = recordingLogger()
    const { client, server } = await rig.connectedPair({ client: { logger } })
    expect(lines).toEqual([])

    client.setDebug(true)
    client.send('seen')
    await rig.until(() => server.messages.length === 1)
    const { length } = lines
    client.setDebug(false)
    client.send('unseen')
    await rig.until(() => server.messages.length === 2)

    expect(length).toBe(1)
    expect(lines).toHaveLength(1)
  })

  it('holds for what is started later', async () => {
    const rig = createRig()
    const { lines, logger } = recordingLogger()
    const client = rig.pipe({ logger })
    client.setDebug(true)

    void client.connect('127.0.0.1', 9)
    client.flush()
    await rig.settle()

    expect(lines.length).toBeGreaterThan(0)
  })
})

describe('without setDebug', () => {
  it('nothing is written', async () => {
    const rig = createRig()
    const { lines, logger } = recordingLogger()

    await rig.connectedPair({ client: { logger }, server: { logger } })

    expect(lines).toEqual([])
  })
})

describe('NODE_DEBUG=udpipe', () => {
  const program = `
    const { UDPipe } = await import('udpipe')
    const pipe = new UDPipe({ protocol: 'classic', receiveBufferBytes: 65536 })
    pipe.connect('127.0.0.1', 9)
    pipe.flush()
    await pipe.close()
  `

  it('writes to standard error, as setDebug does', async () => {
    expect(await standardErrorOf(program, 'udpipe')).toMatch(/^ +0\.\d{3} {2}:\d+ +→ {2}127\.0\.0\.1:9 +HELLO +6 B$/m)
  })

  it('is needed for that', async () => {
    expect(await standardErrorOf(program, '')).toBe('')
  })
})

describe('onError', () => {
  it('makes a warning of the process of what nobody overrides it for', async () => {
    const program = `
      const { UDPipe } = await import('udpipe')
      const pipe = new UDPipe({ receiveBufferBytes: 65536 })
      pipe.start(0, '203.0.113.7')
      pipe.step()
    `

    expect(await standardErrorOf(program, '')).toMatch(/UDPipeError: 203\.0\.113\.7 is not an address of this machine/)
  })

  it('is told by the step after the error', async () => {
    const rig = createRig()
    const server = rig.add(new RecordingPipe(rig.options))
    await expect(server.start(0, '203.0.113.7')).rejects.toThrow()
    expect(server.names).toEqual([])

    server.step()

    expect(server.names).toEqual(['onError'])
  })
})

function recordingLogger(): { lines: string[]; logger: Logger } {
  const lines: string[] = []
  return { lines, logger: { debug: (line) => lines.push(line), warn: (line) => lines.push(line) } }
}

/** Runs a program with the public name and returns what it wrote to standard error. */
async function standardErrorOf(program: string, nodeDebug: string): Promise<string> {
  const args = ['--conditions', '@udpipe/source', '--import', 'tsx', '--input-type=module', '--eval', program]
  const { stderr } = await promisify(execFile)(process.execPath, args, {
    env: { ...process.env, NODE_DEBUG: nodeDebug, NO_COLOR: '1' },
  })
  return stderr
}
