import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { client, server, type ListenConfig, type Server, type ServerClient } from 'udpipe/websocket'
import { createAuthority } from '../support/certificates.ts'
import { hasTool } from '../support/foreign-tool.ts'
import { SAMPLE_KEY } from '../support/raw-peer.ts'

const PYTHON = '/usr/bin/python3'
const CHROMIUM = '/usr/bin/chromium'
const hasPython = hasTool(PYTHON, ['-c', 'import websockets'], 'INTEROP')
const hasCurl = hasTool('curl', ['--version'], 'INTEROP')
const hasChromium = hasTool(CHROMIUM, ['--version'], 'BROWSER')

const servers: Server[] = []
const folder = mkdtempSync(join(tmpdir(), 'udpipe-interop-'))
afterEach(async () => {
  await Promise.all(servers.splice(0).map((one) => one.close()))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function listen(config: Partial<ListenConfig> = {}): Promise<Server> {
  const listening = await server.listen({
    port: 0,
    interface: '127.0.0.1',
    protocols: { echo: (ws) => ws.onMessage((message, opcode) => ws.send(message, opcode)) },
    default: (ws) => ws.onMessage((message, opcode) => ws.send(message, opcode)),
    on_error: () => {},
    ...config,
  })
  servers.push(listening)
  return listening
}

/** Runs a program to its end, and returns what it wrote. */
async function run(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 })
  const parts: Buffer[] = []
  child.stdout.on('data', (part: Buffer) => parts.push(part))
  const errors: Buffer[] = []
  child.stderr.on('data', (part: Buffer) => errors.push(part))
  const [code] = (await once(child, 'close')) as [number]
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${Buffer.concat(errors).toString()}`)
  return Buffer.concat(parts).toString('latin1')
}

describe.skipIf(!hasPython)('python3-websockets', () => {
  it.each([false, true])('talks to our server, compressed: %s', async (perMessageDeflate) => {
    const { port } = await listen({ perMessageDeflate })
    const program = `
import asyncio, websockets
async def main():
  async with websockets.connect('ws://127.0.0.1:${port}', subprotocols=['echo']) as ws:
    await ws.send('gr\\u00fc\\u00dfe'); assert await ws.recv() == 'gr\\u00fc\\u00dfe'
    await ws.send(b'\\x00\\xff'); assert await ws.recv() == b'\\x00\\xff'
    await ws.send('x' * 500000); assert await ws.recv() == 'x' * 500000
    await ws.send(['in ', 'pieces']); assert await ws.recv() == 'in pieces'
    await asyncio.wait_for(await ws.ping(), 5)
    print(ws.subprotocol, len(ws.extensions))
    await ws.close(4001, 'lost interest')
    print(ws.close_code, ws.close_reason)
asyncio.run(main())`

    expect(await run(PYTHON, ['-c', program])).toBe(`echo ${perMessageDeflate ? 1 : 0}\n4001 lost interest\n`)
  })

  it.each([false, true])('is talked to by our client, compressed: %s', async (perMessageDeflate) => {
    const program = `
import asyncio, websockets
async def echo(ws):
  try:
    async for message in ws: await ws.send(message)
  except websockets.ConnectionClosed: pass
  print(ws.close_code, ws.close_reason, flush=True)
async def main():
  async with websockets.serve(echo, '127.0.0.1', 0, subprotocols=['echo']) as server:
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Future()
asyncio.run(main())`
    const child = spawn(PYTHON, ['-c', program], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [port] = (await once(child.stdout, 'data')) as [Buffer]
    const one = client.copas({ timeout: 10, perMessageDeflate })

    expect((await one.connect(`ws://127.0.0.1:${port.toString().trim()}`, ['x', 'echo'])).slice(0, 2)).toEqual([
      true,
      'echo',
    ])
    for (const message of ['grüße', 'x'.repeat(500_000)]) {
      await one.send(message)
      expect(await one.receive()).toEqual([message, 1])
    }
    await one.send(Buffer.from([0, 255]))
    expect(await one.receive()).toEqual([Buffer.from([0, 255]), 2])
    expect(await one.ping('alive?')).toBeGreaterThan(0)
    const told = once(child.stdout, 'data')
    expect(await one.close(4001, 'lost interest')).toEqual([true, 4001, 'lost interest'])
    expect(String((await told)[0])).toBe('4001 lost interest\n')
    child.kill()
  })
})

describe.skipIf(!hasCurl)('curl', () => {
  const upgrade = [
    'Connection: Upgrade',
    'Upgrade: websocket',
    `Sec-WebSocket-Key: ${SAMPLE_KEY}`,
    'Sec-WebSocket-Version: 13',
  ]
  const args = ['-sS', '-i', '-N', '--http1.1', '--max-time', '30', ...upgrade.flatMap((line) => ['-H', line])]
  const goodbye = async (ws: ServerClient): Promise<void> => {
    await ws.send('hello curl')
    // It does not answer a goodbye, and has to have been given the time to hear this.
    setTimeout(() => ws.terminate(), 100)
  }

  it('opens a connection, and gets a message', async () => {
    const { port } = await listen({ default: goodbye })

    const output = await run('curl', [...args, `http://127.0.0.1:${port}/`])

    expect(output).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/)
    expect(output).toContain('\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n')
    expect(output.endsWith('\x81\x0ahello curl')).toBe(true)
  })

  it('does so over TLS', async () => {
    const authority = createAuthority()
    writeFileSync(join(folder, 'ca.pem'), authority.cert)
    const { port } = await listen({ default: goodbye, tls: authority.issue('server.example') })

    const output = await run('curl', [...args, '--cacert', join(folder, 'ca.pem'), `https://127.0.0.1:${port}/`])

    expect(output.endsWith('\x81\x0ahello curl')).toBe(true)
  })

  it('is told that a plain request is none for this server', async () => {
    const { port } = await listen()

    expect(await run('curl', ['-sS', '-i', `http://127.0.0.1:${port}/`])).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
  })
})

/** What the page does; it reports an object of what it saw. */
const page = `<!doctype html><script>
const url = 'ws://' + location.host
const open = (path, protocols) => new Promise((resolve) => {
  const ws = new WebSocket(url + path, protocols)
  ws.binaryType = 'arraybuffer'
  ws.onopen = () => resolve(ws)
  ws.onclose = () => resolve(undefined)
})
const next = (ws) => new Promise((resolve) => (ws.onmessage = ({ data }) => resolve(data)))
const ended = (ws) => new Promise((resolve) => (ws.onclose = ({ wasClean, code, reason }) => resolve([wasClean, code, reason])))
async function main() {
  const seen = {}
  const ws = await open('/echo', ['other', 'echo'])
  seen.protocol = ws.protocol
  seen.extensions = ws.extensions
  const text = next(ws); ws.send('grüße 🙂'); seen.text = await text
  const bytes = next(ws); ws.send(new Uint8Array([0, 255])); seen.bytes = [...new Uint8Array(await bytes)]
  const large = next(ws); ws.send('x'.repeat(3000000)); seen.large = (await large).length
  const end = ended(ws); ws.close(4001, 'lost interest'); seen.end = await end
  const refused = await open('/nowhere'); seen.refused = refused === undefined
  const leaving = await open('/leaving'); seen.left = await ended(leaving)
  return seen
}
main().catch((error) => ({ error: String(error) })).then((seen) => fetch('/seen', { method: 'POST', body: JSON.stringify(seen) }))
</script>`

describe.skipIf(!hasChromium)('Chromium', () => {
  it.each([false, true])('talks to our server from a page, compressed: %s', async (perMessageDeflate) => {
    let report: (seen: unknown) => void = () => {}
    const seen = new Promise((resolve) => (report = resolve))
    const http = createServer((request: IncomingMessage, response) => {
      if (request.url !== '/seen') return void response.setHeader('content-type', 'text/html; charset=utf-8').end(page)
      response.end()
      void request.toArray().then((parts) => report(JSON.parse(Buffer.concat(parts as Buffer[]).toString())))
    }).listen(0, '127.0.0.1')
    await once(http, 'listening')
    const { port } = http.address() as AddressInfo
    const origin = `http://127.0.0.1:${port}`
    const attach = { server: http, port: undefined, interface: undefined, origins: [origin], perMessageDeflate }
    const told: unknown[] = []
    await listen({
      ...attach,
      path: '/echo',
      protocols: {
        echo: (ws: ServerClient) => {
          ws.onMessage((message, opcode) => ws.send(message, opcode))
          void ws.ended.then((end) => told.push(end))
        },
      },
    } as never)
    await listen({
      ...attach,
      path: '/leaving',
      default: (ws: ServerClient) => setTimeout(() => void ws.close(4002), 50),
    } as never)
    await listen({ ...attach, path: '/nowhere', origins: ['https://elsewhere.example'] } as never)
    const profile = mkdtempSync(join(folder, 'chromium-'))
    const flags = [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--no-first-run',
      '--no-proxy-server',
    ]
    const browser = spawn(CHROMIUM, [...flags, `--user-data-dir=${profile}`, `${origin}/`], { stdio: 'ignore' })

    const result = await seen

    const gone = once(browser, 'exit')
    browser.kill('SIGKILL')
    await gone
    expect(result).toEqual({
      protocol: 'echo',
      extensions: perMessageDeflate ? (expect.stringContaining('permessage-deflate') as string) : '',
      text: 'grüße 🙂',
      bytes: [0, 255],
      large: 3_000_000,
      end: [true, 4001, 'lost interest'],
      refused: true,
      left: [true, 4002, ''],
    })
    expect(told).toEqual([[true, 4001, 'lost interest']])
    http.closeAllConnections()
    http.close()
  })
})
