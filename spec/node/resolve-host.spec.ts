import { describe, expect, it } from 'vitest'
import { resolveHost } from '../../lib/node/resolve-host.ts'

describe('a numeric host', () => {
  it('needs nobody to be asked', async () => {
    const nobody = (): Promise<never> => Promise.reject(new Error('asked'))

    expect(await resolveHost('192.0.2.7', nobody)).toBe('192.0.2.7')
    expect(await resolveHost('2001:DB8::7', nobody)).toBe('2001:db8::7')
    expect(await resolveHost('fe80::7%eth0', nobody)).toBe('fe80::7%eth0')
    expect(await resolveHost('::ffff:192.0.2.7', nobody)).toBe('192.0.2.7')
  })
})

describe('a name', () => {
  it('is looked up by the system', async () => {
    expect(await resolveHost('localhost')).toBe('127.0.0.1')
  })

  it('prefers IPv4, which more servers listen on', async () => {
    const asked: unknown[] = []
    const address = await resolveHost('game.example', (host, options) => {
      asked.push(host, options)
      return Promise.resolve([{ address: '192.0.2.7' }, { address: '2001:db8::7' }])
    })

    expect(address).toBe('192.0.2.7')
    expect(asked).toEqual(['game.example', { all: true, order: 'ipv4first' }])
  })

  it('may have an IPv6 address only', async () => {
    expect(await resolveHost('six.example', () => Promise.resolve([{ address: '2001:db8::7' }]))).toBe('2001:db8::7')
  })

  it('that no name can be is not found', async () => {
    // Longer than the 63 bytes of a label (RFC 1035), so no name server is asked.
    const name = 'a'.repeat(64)

    await expect(resolveHost(name)).rejects.toMatchObject({
      code: 'ERR_HOST_NOT_FOUND',
      message: expect.stringContaining(name) as string,
      cause: { syscall: 'getaddrinfo' },
    })
  })

  it('that nobody could be asked about may be found later', async () => {
    const offline = Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' })

    await expect(resolveHost('game.example', () => Promise.reject(offline))).rejects.toMatchObject({
      code: 'ERR_HOST_NOT_FOUND',
      message: expect.stringContaining('try again') as string,
      cause: offline,
    })
  })

  it('without an address is not found', async () => {
    await expect(resolveHost('game.example', () => Promise.resolve([]))).rejects.toMatchObject({
      code: 'ERR_HOST_NOT_FOUND',
    })
  })

  it('is not empty', async () => {
    await expect(resolveHost('')).rejects.toMatchObject({
      code: 'ERR_HOST_NOT_FOUND',
      message: expect.stringContaining('empty') as string,
    })
  })
})
