import { formatAddress } from '../core/address.ts'
import type { HostObserver } from '../host/host-observer.ts'
import { describeEvent } from '../host/session-driver.ts'
import type { SessionEvent } from '../session/session.ts'
import type { SimulationContext } from './simulation-context.ts'

/** How much of a message the trace shows. */
const MAX_SHOWN_BYTES = 40

const decoder = new TextDecoder('utf-8', { fatal: true })

/** Who writes down what the sessions of a program tell it: connections, their ends, and the messages as they arrive. */
export function noteEvents({ trace, timeline }: SimulationContext, name: string): HostObserver | undefined {
  if (trace === undefined) return undefined
  return {
    onOpen: () => {},
    onEvent: ({ session }, event) => {
      const what = event.type === 'message' ? describeMessage(event) : describeEvent(event)
      trace.note(timeline.now, name, `${formatAddress(session.remote)} ${what}`)
    },
    onOver: () => {},
  }
}

function describeMessage({ message, delivery, channel }: SessionEvent & { readonly type: 'message' }): string {
  return `message, ${delivery}, channel ${channel}, ${message.length} B: ${preview(message)}`
}

/** The beginning of a message: as a text if it is one, else in hexadecimal. */
function preview(message: Uint8Array): string {
  const shown = message.subarray(0, MAX_SHOWN_BYTES)
  const more = message.length > shown.length ? '…' : ''
  const text = textOf(shown)
  if (text !== undefined) return `'${text}${more}'`
  return `${Array.from(shown, (byte) => byte.toString(16).padStart(2, '0')).join('')}${more}`
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = decoder.decode(bytes)
    return /^[^\p{Cc}]*$/u.test(text) ? text : undefined
  } catch {
    return undefined
  }
}
