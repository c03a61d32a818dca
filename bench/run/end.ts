/** One end of one measurement, in a process of its own; its order is its only argument, and it talks with the process that started it. */
import { loadAdapter } from '../adapters/catalogue.ts'
import { isTableAdapterName, loadTableAdapter } from '../tables/catalogue.ts'
import { tableWorkloads, type TableWorkloadName } from '../tables/workloads.ts'
import { workloads, type WorkloadName } from '../workloads/catalogue.ts'
import type { End } from '../workloads/workload.ts'
import type { EndMessage, EndOrder } from './messages.ts'

const order = JSON.parse(process.argv[2] ?? '{}') as EndOrder
process.once('disconnect', () => process.exit())
try {
  const end = await begin(order)
  process.on('message', () => tellCounters(end))
  tell({ type: 'ready', port: end.port ?? 0 })
  if (end.result !== undefined) tell({ type: 'result', report: await end.result })
} catch (error) {
  tell({ type: 'failed', message: (error as Error).message })
}

async function begin({ adapter, workload, role, options, parameters }: EndOrder): Promise<End> {
  if (isTableAdapterName(adapter)) {
    return tableWorkloads[workload as TableWorkloadName][role](await loadTableAdapter(adapter), options, parameters)
  }
  return workloads[workload as WorkloadName][role](await loadAdapter(adapter), options, parameters)
}

function tellCounters(end: End): void {
  const { user, system } = process.cpuUsage()
  const atMs = performance.now()
  tell({ type: 'counters', counters: end.counters?.() ?? {}, cpuMs: (user + system) / 1000, atMs })
}

function tell(message: EndMessage): void {
  process.send?.(message)
}
