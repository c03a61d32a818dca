import type { Workload } from './workload.ts'

/** A connection that nobody says anything on. */
export const idle: Workload = {
  async serve(adapter, options) {
    const { port, datagrams } = await adapter.listen(options, () => {})
    return { port, counters: () => ({ ...(datagrams?.() ?? {}) }) }
  },

  async drive(adapter, options) {
    await adapter.connect(options)
    return {}
  },
}
