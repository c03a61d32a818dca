import { describe, expect, it } from 'vitest'
import { udpipe } from './udpipe-command.ts'

describe('udpipe key', () => {
  it('makes keys by which a client knows its server, and no other', async () => {
    const key = udpipe('key')
    expect(await key.ended).toBe(0)
    const printed = Buffer.from(key.stdoutBytes).toString()
    const [, privateKey = '', publicKey = ''] = /^private (\S{43})\npublic {2}(\S{43})\n$/.exec(printed) ?? []

    const listener = udpipe('listen', '0', '--host', '127.0.0.1', `--private-key=${privateKey}`)
    const [, port = ''] = await listener.until(/listening on 127\.0\.0\.1:(\d+)/)
    const known = udpipe('connect', '127.0.0.1', port, `--server-key=${publicKey}`)
    known.end('to the right one')
    const impostor = udpipe('connect', '127.0.0.1', port, `--server-key=${privateKey}`)
    impostor.end('to nobody')

    expect(await known.ended).toBe(0)
    expect(await impostor.ended).not.toBe(0)
    listener.kill('SIGINT')
    await listener.ended
    expect(Buffer.from(listener.stdoutBytes).toString()).toBe('to the right one')
  })
})
