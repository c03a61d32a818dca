import { constants, inflateRawSync } from 'node:zlib'
import { expect } from 'vitest'
import { closePayload, type RawFrame } from '../support/raw-frames.ts'
import { readClose, type RawPeer } from '../support/raw-peer.ts'
import { CLOSE, type Case } from './case.ts'

/** Plays a case as the peer of an end that echoes each message, and expects what has to come of it. */
export async function play({ frames, chopBytes, answers = [], endsWith }: Case, peer: RawPeer): Promise<void> {
  const bytes = Buffer.concat(frames.map((frame) => peer.frame(...frame)))
  await send(peer, bytes, chopBytes)

  for (const [opcode, payload] of answers) {
    const frame = await peer.next()
    // Compared as a whole, so that megabytes are no list of differences.
    expect(frame && [frame.fin, frame.opcode, contentOf(frame).equals(payload)]).toEqual([true, opcode, true])
  }
  if (endsWith === undefined) peer.send(CLOSE, closePayload(1000))
  const last = await peer.next()
  peer.socket.end()
  expect(last && [last.opcode, readClose(last).code]).toEqual([CLOSE, codeOf(endsWith)])
  expect(await peer.rest()).toEqual([])
}

function codeOf(endsWith: Case['endsWith']): number | undefined {
  if (endsWith === 'no code') return undefined
  return endsWith ?? 1000
}

async function send(peer: RawPeer, bytes: Buffer, chopBytes = bytes.length): Promise<void> {
  for (let at = 0; at < bytes.length; at += chopBytes) {
    if (at > 0) await new Promise(setImmediate)
    peer.socket.write(bytes.subarray(at, at + chopBytes))
  }
}

/** What a message says, inflated where it was compressed without a context of earlier ones. */
function contentOf({ rsv, payload }: RawFrame): Buffer {
  if (rsv !== 4) return payload
  const tail = Buffer.from([0, 0, 0xff, 0xff])
  return inflateRawSync(Buffer.concat([payload, tail]), { finishFlush: constants.Z_SYNC_FLUSH })
}
