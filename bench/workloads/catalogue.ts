import { bulk } from './bulk.ts'
import { echo } from './echo.ts'
import { fleet } from './fleet.ts'
import { floor } from './floor.ts'
import { handshakes } from './handshakes.ts'
import { idle } from './idle.ts'
import { latency } from './latency.ts'
import { oneWay } from './one-way.ts'
import { roundTrips } from './round-trips.ts'
import { websocketBlocking, websocketBroadcast, websocketConnect, websocketEcho, websocketIdle } from './websocket.ts'
import type { Workload } from './workload.ts'

export const workloads = {
  bulk,
  echo,
  fleet,
  floor,
  handshakes,
  idle,
  latency,
  oneWay,
  roundTrips,
  websocketBlocking,
  websocketBroadcast,
  websocketConnect,
  websocketEcho,
  websocketIdle,
} satisfies Record<string, Workload>

export type WorkloadName = keyof typeof workloads
