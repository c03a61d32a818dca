import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'

/** A key and a certificate, PEM. */
export interface Identity {
  readonly key: string
  readonly cert: string
}

/** An authority of one's own. */
export interface Authority extends Identity {
  /** A server's certificate for a name and the addresses of the loopback. */
  issue(name: string): Identity
}

/** Makes an authority that nobody knows yet (X.509, RFC 5280): ECDSA on P-256, valid for a day around now. */
export function createAuthority(name = 'udpipe specs'): Authority {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const isAuthority = extension('551d13', sequence(Buffer.from([0x01, 0x01, 0xff])), true)
  return {
    key: pem(privateKey),
    cert: certificate(name, name, publicKey, privateKey, isAuthority),
    issue(subject) {
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const addresses = [Buffer.from([127, 0, 0, 1]), Buffer.from([...new Array<number>(15).fill(0), 1])]
      const names = sequence(tag(0x82, Buffer.from(subject)), ...addresses.map((address) => tag(0x87, address)))
      return {
        key: pem(pair.privateKey),
        cert: certificate(name, subject, pair.publicKey, privateKey, extension('551d11', names)),
      }
    },
  }
}

/** A certificate that nobody vouches for but itself. */
export function selfSigned(name: string): Identity {
  const { key, cert } = createAuthority(name)
  return { key, cert }
}

const ECDSA_SHA256 = Buffer.from('300a06082a8648ce3d040302', 'hex')
const COMMON_NAME = Buffer.from('0603550403', 'hex')
const DAY_MS = 86_400_000

function certificate(issuer: string, subject: string, key: KeyObject, signer: KeyObject, extensions: Buffer): string {
  const validity = sequence(time(Date.now() - DAY_MS), time(Date.now() + DAY_MS))
  const version = tag(0xa0, Buffer.from([2, 1, 2]))
  const serial = tag(2, Buffer.concat([Buffer.from([1]), randomBytes(8)]))
  const publicKey = key.export({ type: 'spki', format: 'der' })
  const listed = tag(0xa3, sequence(extensions))
  const signed = sequence(version, serial, ECDSA_SHA256, named(issuer), validity, named(subject), publicKey, listed)
  const signature = tag(3, Buffer.concat([Buffer.from([0]), sign('sha256', signed, signer)]))
  const der = sequence(signed, ECDSA_SHA256, signature)
  const lines = der.toString('base64').replace(/.{64}/g, '$&\n')
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
}

function extension(oid: string, value: Buffer, isCritical = false): Buffer {
  const critical = isCritical ? [Buffer.from([1, 1, 0xff])] : []
  return sequence(tag(6, Buffer.from(oid, 'hex')), ...critical, tag(4, value))
}

function named(name: string): Buffer {
  return sequence(tag(0x31, sequence(COMMON_NAME, tag(0x0c, Buffer.from(name)))))
}

function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '')
  return tag(0x17, Buffer.from(digits.slice(2)))
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tag(0x30, Buffer.concat(parts))
}

/** DER: a tag, a length, a value. */
function tag(kind: number, value: Buffer): Buffer {
  const { length } = value
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([kind, ...head]), value])
}

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}
