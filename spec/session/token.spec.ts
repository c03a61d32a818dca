import { describe, expect, it } from 'vitest'
import { encodeToken, isToken, MAX_TOKEN_BYTES } from '../../lib/session/token.ts'

describe('a token', () => {
  it.each(['', 'secret', 'päss', '🔑', '"\'\\$%', 'x'.repeat(MAX_TOKEN_BYTES)])('can be %j', (token) => {
    expect(isToken(token)).toBe(true)
    expect(new TextDecoder().decode(encodeToken(token))).toBe(token)
  })

  it.each([
    ['a space', 'a b'],
    ['a space at its end', 'a '],
    ['a tab', 'a\tb'],
    ['a line break', 'a\nb'],
    ['a carriage return', 'a\rb'],
    ['a line separator', 'a\u2028b'],
    ['a space that does not break', 'a\u00a0b'],
    ['a byte order mark', '\ufeffa'],
    ['a NUL', 'a\0b'],
    ['an escape', 'a\u001bb'],
    ['a delete', 'a\u007fb'],
    ['half a surrogate pair', 'a\ud800b'],
    ['a byte too many', 'x'.repeat(MAX_TOKEN_BYTES + 1)],
    ['too many bytes of UTF-8', 'ä'.repeat(128)],
  ])('cannot have %s', (_what, token) => {
    expect(isToken(token)).toBe(false)
    expect(() => encodeToken(token)).toThrow(RangeError)
  })
})
