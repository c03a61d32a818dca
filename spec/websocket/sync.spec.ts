import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { client, server, type Server } from 'udpipe/websocket'
import { ChildProgram, endPrograms } from '../support/child-program.ts'
import { RawServer } from '../support/raw-peer.ts'
import { BlockingThread } from './contract/sync-stage.ts'

let listening: Server
let thread: BlockingThread
let url: string
beforeAll(async () => {
  listening = await server.listen({
    port: 0,
    interface: '127.0.0.1',
    default: (ws) => ws.onMessage((message, opcode) => ws.send(message, opcode)),
  })
  url = `ws://127.0.0.1:${listening.port}`
  thread = new BlockingThread()
})
afterAll(async () => {
  await thread.end()
  await listening.close()
})
afterEach(endPrograms)

/** Runs lines of a script that blocks, against the echo of this process; `url` is where that is. */
function script(lines: string): ChildProgram {
  return new ChildProgram('spec/websocket/fixtures/blocking-script.ts', [url, lines])
}

describe('client.sync', () => {
  it('runs a script from top to bottom without a promise, and lets the process end', async () => {
    const program = script(`
      const one = client.sync({ timeout: 10 })
      print(one.state, one.connect(url)[0], one.state)
      for (let i = 0; i < 1000; i += 1) { one.send('message ' + i); if (one.receive()[0] !== 'message ' + i) print('out of order') }
      print(one.send(Buffer.from([1, 2])), one.receive())
      print(one.tryReceive(), one.url === url + '/', one.protocol, one.headers.upgrade, one.closed)
      print(one.close(4001, 'done'), one.closed, one.receive())
    `)

    expect(await program.ended).toBe(0)
    expect(program.stdout.split('\n')).toEqual([
      '"CLOSED" true "OPEN"',
      '[true] [{"type":"Buffer","data":[1,2]},2]',
      'undefined true undefined "websocket" undefined',
      '[true,4001,"done"] [true,4001,"done"] [null,null,false,1006,"wrong state"]',
      '',
    ])
  })

  it('lets the process end though a connection is open', async () => {
    const program = script(`print(client.sync().connect(url)[0])`)

    expect(await program.ended).toBe(0)
    expect(program.stdout).toBe('true\n')
  })

  it('blocks: no timer fires meanwhile', async () => {
    const program = script(`
      let fired = 0
      setInterval(() => (fired += 1), 1).unref()
      const one = client.sync({ timeout: 0.1 })
      one.connect(url)
      print(one.receive(), fired)
    `)

    expect(await program.ended).toBe(0)
    expect(program.stdout).toBe('[null,null,false,1006,"timeout"] 0\n')
  })

  it('is ended by SIGINT while it waits', async () => {
    const program = script(`
      const one = client.sync()
      one.connect(url)
      require('node:fs').writeSync(1, 'waiting\\n')
      one.receive()
    `)
    await program.until(/waiting/)

    program.kill('SIGINT')

    expect(await program.ended).toBe('SIGINT')
  })

  it('hands bytes over instead of copying them, from 64 KiB on', async () => {
    const program = script(`
      const one = client.sync()
      one.connect(url)
      const [large, small, part] = [new Uint8Array(5_000_000).fill(7), new Uint8Array(1000), new Uint8Array(200_000).subarray(1)]
      for (const bytes of [large, small, part]) print(one.send(bytes), bytes.length, one.receive()[0].length)
      try { one.send(large) } catch (error) { print(error.code) }
    `)

    expect(await program.ended).toBe(0)
    expect(program.stdout).toBe('[true] 0 5000000\n[true] 1000 1000\n[true] 199999 199999\n"ERR_ARGUMENT_INVALID"\n')
  })

  it('has as many clients as it likes, in one worker', async () => {
    const program = script(`
      const [a, b] = [client.sync(), client.new()]
      a.connect(url), b.connect(url)
      a.send('to a'), b.send('to b')
      print(b.receive(), a.receive())
      const c = client.sync()
      c.connect(url)
      c[Symbol.dispose]()
      print(c.state, workerCount())
    `)

    expect(await program.ended).toBe(0)
    expect(program.stdout).toBe('["to b",1] ["to a",1]\n"CLOSED" 1\n')
  })

  it('refuses to wait for its own thread', async () => {
    const { port } = listening
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '0.0.0.0', 'LOCALHOST']) {
      expect(() => client.sync().connect(`ws://${host}:${port}`)).toThrow(
        expect.objectContaining({ code: 'ERR_WOULD_DEADLOCK' }),
      )
    }
    const raw = await RawServer.listen()
    const number = await thread.create({ timeout: 5 })
    const connecting = thread.call(number, 'connect', `ws://127.0.0.1:${raw.port}`)
    await raw.accept()
    expect(((await connecting) as unknown[])[0]).toBe(true)
    await raw.close()
  })

  it('says closed when its worker has died, and starts another', async () => {
    const program = script(`
      const one = client.sync()
      one.connect(url)
      await killWorker()
      print(one.state, one.closed, one.receive(), one.receive(), one.send('x'), one.close(), one.tryReceive())
      print(one.connect(url)[0], one.send('again'), one.receive(), workerCount())
    `)

    expect(await program.ended).toBe(0)
    expect(program.stdout.split('\n')).toEqual([
      '"CLOSED" [false,1006,"closed"] [null,null,false,1006,"closed"] [null,null,false,1006,"wrong state"] ' +
        '[null,false,1006,"wrong state"] [false,1006,"wrong state"] undefined',
      'true [true] ["again",1] 2',
      '',
    ])
  })

  it('says closed when its worker dies while it waits', async () => {
    const program = script(`
      lateDeath.ms = 1500
      const one = client.sync()
      print(one.connect(url)[0], one.receive(), one.receive())
      const two = client.sync()
      lateDeath.ms = 0
      print(two.connect(url)[0], one.connect(url)[0])
    `)

    expect(await program.ended).toBe(0)
    expect(program.stdout).toBe(
      'true [null,null,false,1006,"closed"] [null,null,false,1006,"wrong state"]\ntrue true\n',
    )
  })

  it('connects no further than its own connections: a dropped client is cut', async () => {
    const raw = await RawServer.listen()
    const program = new ChildProgram(
      'spec/websocket/fixtures/blocking-script.ts',
      [
        `ws://127.0.0.1:${raw.port}`,
        `
        let one = client.sync()
        print(one.connect(url)[0])
        one = undefined
        setInterval(() => gc(), 5)
      `,
      ],
      { nodeOptions: ['--expose-gc'] },
    )
    const peer = await raw.accept()

    await peer.rest()

    expect(program.stdout).toBe('true\n')
    program.kill('SIGKILL')
    await raw.close()
  })
})

it('the thread of the specs is not held up by clients that block in others', async () => {
  const number = await thread.create({ timeout: 0.2 })
  await thread.call(number, 'connect', url)
  const receiving = thread.call(number, 'receive')
  let ticks = 0
  const timer = setInterval(() => (ticks += 1), 5)

  expect(await receiving).toEqual([undefined, undefined, false, 1006, 'timeout'])
  clearInterval(timer)
  expect(ticks).toBeGreaterThan(0)
})
