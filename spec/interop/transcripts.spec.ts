import { describe, it } from 'vitest'
import { createRig } from '../support/rig.ts'
import { ClientPlayer, ServerPlayer } from './player.ts'
import { readTranscripts } from './transcript.ts'

const transcripts = readTranscripts()

describe('a client says, byte for byte, what the transcript says of it', () => {
  it.each(transcripts)('$name', async (transcript) => {
    await new ClientPlayer(createRig()).play(transcript)
  })
})

describe('a server says, byte for byte, what the transcript says of it', () => {
  it.each(transcripts)('$name', async (transcript) => {
    await new ServerPlayer(createRig()).play(transcript)
  })
})
