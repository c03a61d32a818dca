import type { Address } from '../core/address.ts'

/** What is found by an address, without a key to be made of it for each look. */
export class Routes<Target> {
  readonly #byHost = new Map<string, Map<number, Target>>()

  get({ host, port }: Address): Target | undefined {
    return this.#byHost.get(host)?.get(port)
  }

  set({ host, port }: Address, target: Target): void {
    const byPort = this.#byHost.get(host)
    if (byPort === undefined) this.#byHost.set(host, new Map([[port, target]]))
    else byPort.set(port, target)
  }

  delete({ host, port }: Address): void {
    const byPort = this.#byHost.get(host)
    byPort?.delete(port)
    if (byPort?.size === 0) this.#byHost.delete(host)
  }
}
