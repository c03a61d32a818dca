import { UDPipeError } from '../core/errors.ts'
import { bytesOfHello, type HelloSource } from '../options/hello.ts'

/** What a client's HELLO carries for the server's program, where the program says it anew for each HELLO. */
export class FreshHello {
  readonly #source: HelloSource
  readonly #report: (error: UDPipeError) => void
  /** Why there was none the last time. */
  failure: UDPipeError | undefined

  /** `report` hears why there is none, each time. */
  constructor(source: HelloSource, report: (error: UDPipeError) => void) {
    this.#source = source
    this.#report = report
  }

  /** Asks the program for at most `limitBytes` bytes; `undefined` when it has none to give. */
  readonly next = (limitBytes: number): Uint8Array | undefined => {
    this.failure = undefined
    try {
      const bytes = bytesOfHello(this.#source())
      if (bytes !== undefined && bytes.length <= limitBytes) return bytes
      this.#fail(`must return a string or bytes, and at most ${limitBytes} bytes of them; a promise is neither`)
    } catch (error) {
      this.#fail('failed; its error is the cause', { cause: error })
    }
    return undefined
  }

  #fail(what: string, options?: ErrorOptions): void {
    this.failure = new UDPipeError(
      'ERR_HELLO_UNAVAILABLE',
      `There is nothing to say HELLO with, so nobody was dialed: the function hello ${what}.`,
      options,
    )
    this.#report(this.failure)
  }
}
