import { toBytes } from './message-bytes.ts'
import type { EndpointContext } from './endpoint-context.ts'
import { UDPipeError } from '../core/errors.ts'
import type { SessionDriver } from './session-driver.ts'
import { checkSendOptions, type SendOptions } from '../options/send-options.ts'
import { defaultDelivery } from './route.ts'
import type { UndeliveredMessage } from '../session/session.ts'

/** Messages that were sent while the server's name was being looked up: as many as a peer's queue holds. */
export class EarlyMessages {
  readonly #context: EndpointContext
  #messages: UndeliveredMessage[] = []
  #bytes = 0
  #isFull = false

  constructor(context: EndpointContext) {
    this.#context = context
  }

  /**
   * Takes a message. Returns whether there was room for it.
   *
   * @throws UDPipeError `ERR_ARGUMENT_INVALID`, `ERR_OPTION_UNKNOWN`
   */
  add(message: string | Uint8Array, sendOptions: SendOptions = {}): boolean {
    const { options, platform, settings } = this.#context
    const bytes = toBytes(message, platform.text)
    checkSendOptions(sendOptions)
    const { channel = 0, delivery = defaultDelivery(channel, options.protocol, options) } = sendOptions
    if (this.#messages.length >= settings.maxQueuedMessages || this.#bytes + bytes.length > settings.maxQueuedBytes) {
      this.#reportFull()
      return false
    }
    this.#messages.push({ message: platform.text.present(Uint8Array.from(bytes)), delivery, channel })
    this.#bytes += bytes.length
    return true
  }

  /** The server was found. */
  sendThrough(driver: SessionDriver): void {
    for (const { message, ...route } of this.#takeAll()) {
      try {
        driver.sendBytes(message, route)
      } catch (error) {
        // The call that should have thrown this has returned long ago.
        this.#context.report(error as UDPipeError)
      }
    }
  }

  /** There will be no server: tells `onUndelivered`, inside a step. */
  handBack(): void {
    if (this.#messages.length > 0) this.#context.callbacks.onUndelivered(this.#takeAll(), undefined)
  }

  #takeAll(): UndeliveredMessage[] {
    const messages = this.#messages
    this.#messages = []
    this.#bytes = 0
    return messages
  }

  /** Once, however many messages are refused. */
  #reportFull(): void {
    if (this.#isFull) return
    this.#isFull = true
    this.#context.report(
      new UDPipeError(
        'ERR_QUEUE_FULL',
        'More messages were sent than may wait while the server’s name is being looked up.',
      ),
    )
  }
}
