import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { cryptographies } from '../support/cryptographies.ts'
import {
  goldenCookies,
  goldenTokens,
  playCookie,
  playToken,
  type GoldenCookie,
  type GoldenToken,
} from '../support/front-door-vectors.ts'

const tokensUrl = new URL('../vectors/connect-tokens.json', import.meta.url)
const cookiesUrl = new URL('../vectors/retry-cookies.json', import.meta.url)

// As for the golden packets: `WRITE_VECTORS=1` writes down what comes out now.
if (process.env['WRITE_VECTORS'] === '1') {
  writeFileSync(tokensUrl, `${JSON.stringify(goldenTokens(), null, 2)}\n`)
  writeFileSync(cookiesUrl, `${JSON.stringify(goldenCookies(), null, 2)}\n`)
}

const tokens = JSON.parse(readFileSync(tokensUrl, 'utf8')) as GoldenToken[]
const cookies = JSON.parse(readFileSync(cookiesUrl, 'utf8')) as GoldenCookie[]

describe.each(cryptographies)('by $name', (crypto) => {
  it.each(tokens)('a connect token is what it has always been: $name', (token) => {
    expect(playToken(crypto, token)).toEqual(token)
  })

  it.each(cookies)('a retry cookie is what it has always been, and as it is described: $name', (cookie) => {
    expect(playCookie(crypto, cookie)).toEqual(cookie)
  })
})
