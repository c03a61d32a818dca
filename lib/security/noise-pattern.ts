/**
 * What a message of a handshake does before its payload (Noise Protocol Framework, revision 34, §7): `e` and `s` send a public
 * key, two letters exchange the initiator's key of the first name with the responder's of the second, `psk` mixes in the
 * pre-shared key.
 */
export type NoiseToken = 'e' | 's' | 'ee' | 'es' | 'se' | 'ss' | 'psk'

/** A handshake pattern (§7): the messages in turn, the initiator's first. */
export interface NoisePattern {
  /** The name of the whole, as both ends begin their hash with it. */
  readonly protocolName: string
  /** Whether the initiator knows the responder's static key before it begins (§7.1, `<- s ...`). */
  readonly isResponderKnown: boolean
  readonly messages: readonly (readonly NoiseToken[])[]
  /** Whether there is a pre-shared key, which changes what `e` does (§9.2). */
  readonly hasPsk: boolean
}

interface BasePattern {
  readonly isResponderKnown: boolean
  readonly messages: readonly (readonly NoiseToken[])[]
}

/**
 * §7.5: the first letter says how the initiator's static key becomes known, the second the responder's. `N`: there is none, `K`: it
 * is known before, `I`: it comes with the first message.
 */
const basePatterns: Readonly<Record<string, BasePattern>> = {
  NN: { isResponderKnown: false, messages: [['e'], ['e', 'ee']] },
  NK: {
    isResponderKnown: true,
    messages: [
      ['e', 'es'],
      ['e', 'ee'],
    ],
  },
  IK: {
    isResponderKnown: true,
    messages: [
      ['e', 'es', 's', 'ss'],
      ['e', 'ee', 'se'],
    ],
  },
}

/**
 * The pattern of a name such as `NNpsk0` or `NKpsk0+psk2`: `psk0` puts the token at the beginning of the first message, `psk1` at
 * its end, `psk2` at the end of the second one (§9.4).
 *
 * @throws RangeError when there is no such pattern here
 */
export function noisePattern(name: string): NoisePattern {
  const [, baseName = '', modifiers = ''] = /^([A-Z]+)((?:\+?psk\d)*)$/.exec(name) ?? []
  const base = basePatterns[baseName]
  if (base === undefined) throw new RangeError(`There is no Noise pattern '${name}' here.`)
  const messages = base.messages.map((tokens) => [...tokens])
  for (const modifier of modifiers.split('+').filter((part) => part !== '')) {
    const place = Number(modifier.slice('psk'.length))
    const message = messages[Math.max(0, place - 1)]
    if (message === undefined) throw new RangeError(`'${name}' has no message for ${modifier}.`)
    if (place === 0) message.unshift('psk')
    else message.push('psk')
  }
  return {
    protocolName: `Noise_${name}_25519_ChaChaPoly_SHA256`,
    isResponderKnown: base.isResponderKnown,
    messages,
    hasPsk: modifiers !== '',
  }
}
