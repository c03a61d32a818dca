import type { UDPipeError } from '../../lib/core/errors.ts'
import { nodePlatform } from '../../lib/node/platform.ts'
import { UDPipe } from '../../lib/host/udpipe.ts'
import type { UDPipeOptions } from '../../lib/options/options.ts'

/** A UDPipe whose program does nothing but keep its errors: who looks on is told of everything else. */
export class SimulatedPipe extends UDPipe {
  readonly errors: UDPipeError[] = []

  constructor(options: UDPipeOptions) {
    super(nodePlatform, options)
  }

  override onError(error: UDPipeError): void {
    this.errors.push(error)
  }
}
