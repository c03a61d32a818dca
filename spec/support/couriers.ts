import { MessageChannel, receiveMessageOnPort, type Transferable } from 'node:worker_threads'
import { wipeKeys, type AdmissionListener, type SealerKeys } from '../../lib/session/admission.ts'

/** Takes what one side of a seam tells the other there: what arrives is a copy, and the keys in it are the only ones left. */
export type Carry = <T>(told: T) => T

/** The ways there are to carry plain data, by name. */
export const couriers: Readonly<Record<string, Carry>> = {
  structuredClone: (told) => {
    const copy = structuredClone(told)
    const keys = keysIn(told)
    if (keys !== undefined) wipeKeys(keys)
    return copy
  },
  MessageChannel: (told) => {
    const { port1, port2 } = new MessageChannel()
    const keys = keysIn(told)
    const moved = keys === undefined ? [] : [keys.send.buffer, keys.receive.buffer]
    port1.postMessage(told, moved as Transferable[])
    const arrived = receiveMessageOnPort(port2) as { readonly message: typeof told } | undefined
    port1.close()
    if (arrived === undefined) throw new Error('Nothing arrived.')
    return arrived.message
  },
}

/** A stand-in for a front door that is elsewhere, as whoever hosts its clients sees it. */
export function carriedListener(door: AdmissionListener, carry: Carry): AdmissionListener {
  return {
    handleEstablished: (id) => door.handleEstablished(carry(id)),
    handleReturned: (id, resumeId) => door.handleReturned(carry(id), carry(resumeId)),
    handleEnding: (id) => door.handleEnding(carry(id)),
    forget: (id) => door.forget(carry(id)),
  }
}

/** The keys of an admission, or of an event with a return offer. */
function keysIn(told: unknown): SealerKeys | undefined {
  if (typeof told !== 'object' || told === null || told instanceof Uint8Array) return undefined
  const { keys, offer } = told as { readonly keys?: SealerKeys; readonly offer?: { readonly keys: SealerKeys } }
  return keys ?? offer?.keys
}
