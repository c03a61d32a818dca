import type { Benchmark } from './benchmark.ts'
import { bulk, distance } from './bulk.ts'
import { fleet } from './fleet.ts'
import { floor } from './floor.ts'
import { handshakes } from './handshakes.ts'
import { idle } from './idle.ts'
import { kcpScenario, latency } from './latency.ts'
import { small } from './small.ts'
import { tables } from './tables.ts'
import { websocket } from './websocket.ts'

export const benchmarks: readonly Benchmark[] = [
  latency,
  kcpScenario,
  small,
  tables,
  bulk,
  distance,
  fleet,
  handshakes,
  idle,
  floor,
  websocket,
]
