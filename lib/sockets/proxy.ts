import type { Agent } from 'node:http'
import { isIP } from 'node:net'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import { invalidOption } from './errors.ts'
import { loadPackage } from './ws-module.ts'

/** The variables of the environment that name proxies, as curl reads them. */
export type ProxyEnvironment = Readonly<Record<string, string | undefined>>

interface ProxyAgentModule {
  readonly HttpsProxyAgent: new (proxy: URL, options: object) => Agent
}

/**
 * The option `proxy`: a URL, `'env'`, or false.
 *
 * @throws UDPipeError `ERR_OPTION_INVALID`
 */
export function proxy(value: unknown = false, name: string): string | false {
  if (value === false || value === 'env') return value
  const url = value instanceof URL || typeof value === 'string' ? parseProxy(String(value)) : undefined
  if (url !== undefined) return url.href
  // What was given may hold a password, and messages are written to logs.
  throw invalidOption(`${name} must be false, 'env' or an http(s) URL, http://user:password@host:port.`)
}

/**
 * Which proxy leads to `target`; `undefined` when none does. `'env'`: `HTTPS_PROXY` for wss, `HTTP_PROXY` for ws, in lower or upper
 * case, unless `NO_PROXY` has the host: `host`, `.suffix`, `host:port`, `*`.
 */
export function proxyFor(
  target: URL,
  option: string | false,
  environment: ProxyEnvironment = process.env,
): URL | undefined {
  if (option === false) return undefined
  if (option !== 'env') return new URL(option)
  const read = (name: string): string => environment[name.toLowerCase()] ?? environment[name.toUpperCase()] ?? ''
  if (isExempt(target, read('no_proxy'))) return undefined
  return parseProxy(read(target.protocol === 'wss:' ? 'https_proxy' : 'http_proxy'))
}

/**
 * The agent that leads through a proxy, by CONNECT.
 *
 * @param signal when it aborts, the connection with the proxy is cut
 * @throws UDPipeError `ERR_DEPENDENCY_MISSING`
 */
export function proxyAgent(url: URL, signal: AbortSignal): Agent {
  const { HttpsProxyAgent } = loadPackage('https-proxy-agent', 'Connections through a proxy') as ProxyAgentModule
  return new HttpsProxyAgent(url, { signal })
}

/** What TLS needs besides, through a proxy: for an address, Node would look for 'localhost' in the certificate. */
export function proxiedTls(target: URL): object {
  const host = target.hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) === 0) return {}
  return {
    checkServerIdentity: (_name: string, certificate: PeerCertificate) => checkServerIdentity(host, certificate),
  }
}

/** curl takes `host:port` without a scheme for http. */
function parseProxy(text: string): URL | undefined {
  if (text === '') return undefined
  const given = text.includes('://') ? text : `http://${text}`
  if (!URL.canParse(given)) return undefined
  const url = new URL(given)
  return ['http:', 'https:'].includes(url.protocol) ? url : undefined
}

function isExempt(target: URL, list: string): boolean {
  const host = target.hostname.replace(/^\[|\]$/g, '').toLowerCase()
  const port = target.port === '' ? (target.protocol === 'wss:' ? '443' : '80') : target.port
  return list
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => isExemptBy(entry.toLowerCase(), host, port))
}

function isExemptBy(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true
  const [, bracketed, plain = '', ofPort] = /^(?:\[([^\]]+)\]|([^:]*|[^:]*:[^:]*:.*?))(?::(\d+))?$/.exec(entry) ?? []
  if (ofPort !== undefined && ofPort !== port) return false
  const name = (bracketed ?? plain).replace(/^\*?\./, '')
  return name !== '' && (host === name || host.endsWith(`.${name}`))
}
