import { describe, expect, it } from 'vitest'
import { proxyFor } from '../../lib/sockets/proxy.ts'

const chosen = (target: string, environment: Record<string, string>): string | undefined =>
  proxyFor(new URL(target), 'env', environment)?.host

describe('the proxy for a target', () => {
  it('is none, or the one that is given', () => {
    expect(proxyFor(new URL('ws://a'), false, { HTTP_PROXY: 'http://p' })).toBeUndefined()
    expect(proxyFor(new URL('ws://a'), 'http://p:8080/', { NO_PROXY: '*' })?.host).toBe('p:8080')
  })

  it.each([
    ['ws://a', { HTTP_PROXY: 'http://plain', HTTPS_PROXY: 'http://secure' }, 'plain'],
    ['wss://a', { HTTP_PROXY: 'http://plain', HTTPS_PROXY: 'http://secure' }, 'secure'],
    ['ws://a', { http_proxy: 'lower:1', HTTP_PROXY: 'upper:1' }, 'lower:1'],
    ['wss://a', { HTTP_PROXY: 'http://plain' }, undefined],
    ['ws://a', { HTTP_PROXY: '' }, undefined],
    ['ws://a', { HTTP_PROXY: 'socks5://p' }, undefined],
    ['ws://a', {}, undefined],
  ])('of the environment for %s: %j', (target, environment, expected) => {
    expect(chosen(target, environment)).toBe(expected)
  })

  it.each([
    ['ws://host.example', 'host.example', true],
    ['ws://sub.host.example', 'host.example', true],
    ['ws://sub.host.example', '.host.example', true],
    ['ws://sub.host.example', '*.host.example', true],
    ['ws://otherhost.example', 'host.example', false],
    ['ws://HOST.example', 'host.EXAMPLE', true],
    ['ws://host.example:8080', 'host.example:8080', true],
    ['ws://host.example:8081', 'host.example:8080', false],
    ['ws://host.example', 'host.example:80', true],
    ['ws://[::1]:80', '[::1]', true],
    ['ws://[::1]', '::1', true],
    ['ws://[::1]:81', '[::1]:80', false],
    ['ws://127.0.0.1', 'a, 127.0.0.1 b', true],
    ['ws://a', '*', true],
    ['ws://a', '', false],
    ['ws://a', ' , ', false],
  ])('is none for %s where NO_PROXY is ‘%s’: %s', (target, list, isExempt) => {
    expect(chosen(target, { HTTP_PROXY: 'http://p', NO_PROXY: list }) === undefined).toBe(isExempt)
  })
})
