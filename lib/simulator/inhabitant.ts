import type { Address } from '../core/address.ts'
import { UDPipeError } from '../core/errors.ts'
import { Ticker } from '../host/ticker.ts'
import { internalsOf, UDPipe } from '../host/udpipe.ts'
import { show } from './option-checks.ts'
import type { Program } from './program.ts'
import type { LoopOptions } from './world-options.ts'

/** A UDPipe that lives in a simulation, on its program. */
export interface Inhabitant {
  readonly pipe: UDPipe
  readonly program: Program
  /** The world that it lives in. */
  readonly home: object
  readonly role: 'server' | 'client'
  /** The host of the server: its own, or the one that it talks to. */
  readonly server: string
  /** Has another UDPipe take its place once it has crashed. */
  readonly succeed: (successor: UDPipe) => void
}

/** Every UDPipe that lives in a simulation, or did until it crashed. */
const inhabitants = new WeakMap<UDPipe, Inhabitant>()

/**
 * Lets a UDPipe live in a world.
 *
 * @throws UDPipeError `ERR_OPTION_INVALID` when it has a clock of its own
 */
export function settle(inhabitant: Inhabitant): void {
  const { options, platform } = internalsOf(inhabitant.pipe)
  if (options.clock !== platform.monotonicMs) {
    throw new UDPipeError(
      'ERR_OPTION_INVALID',
      "This UDPipe has the option 'clock', and in a simulation time is the world's: leave it out.",
    )
  }
  inhabitants.set(inhabitant.pipe, inhabitant)
}

/** Undoes {@link settle}. */
export function unsettle(pipe: UDPipe): void {
  inhabitants.delete(pipe)
}

/**
 * Finds a UDPipe of a world.
 *
 * @throws UDPipeError `ERR_ARGUMENT_INVALID` when it lives elsewhere, or nowhere
 */
export function inhabitantOf(pipe: UDPipe, home: object): Inhabitant {
  requirePipe(pipe)
  const inhabitant = inhabitants.get(pipe)
  if (inhabitant?.home === home) return inhabitant
  throw new UDPipeError(
    'ERR_ARGUMENT_INVALID',
    inhabitant === undefined
      ? 'This UDPipe does not live in this world: world.start() or world.connect() it first.'
      : 'This UDPipe lives in another world: ask that one.',
  )
}

/**
 * Makes sure that a UDPipe can begin in a simulation.
 *
 * @throws UDPipeError `ERR_ARGUMENT_INVALID`, `ERR_ALREADY_STARTED`
 */
export function requireNewPipe(pipe: UDPipe): void {
  requirePipe(pipe)
  if (!internalsOf(pipe).engine.hasBegun) return
  throw new UDPipeError(
    'ERR_ALREADY_STARTED',
    inhabitants.has(pipe)
      ? 'This UDPipe lives in a world already: make another, as a program that starts again does.'
      : 'This UDPipe was started or connected on a real network: hand the world a new one, and leave start() and connect() to the world.',
  )
}

/**
 * Where a UDPipe is: what a server bound, or where a client is as the network sees it.
 *
 * @throws UDPipeError `ERR_CLOSED` when it has no socket
 */
export function addressOf({ pipe, program, role }: Inhabitant): Address {
  const address = role === 'server' ? internalsOf(pipe).server?.address : program.ports[0]?.socket.address
  if (address === undefined || program.ports.length === 0) {
    throw new UDPipeError('ERR_CLOSED', `${program.name} has no socket: it has closed or crashed.`)
  }
  return { host: role === 'server' ? program.host : address.host, port: address.port }
}

/** Has a UDPipe step, by itself or in a main loop, until it is over. What its callbacks throw ends the simulation's run. */
export function drive({ pipe, program }: Inhabitant, { hz, phaseMs, onTick }: LoopOptions): void {
  const { engine, platform } = internalsOf(pipe)
  const intervalMs = hz === undefined ? undefined : 1000 / hz
  const firstAt = phaseMs === undefined ? undefined : program.now + phaseMs
  const { signal } = engine
  if (onTick === undefined || intervalMs === undefined) {
    engine.drive({ intervalMs, firstAt, over: signal, onOver: () => {}, onError: fail })
    return
  }
  const tick = (dtMs: number): void => {
    pipe.step(dtMs / 1000)
    onTick(dtMs / 1000)
  }
  const ticker = new Ticker(platform.scheduler, () => program.now, intervalMs, { step: tick, onError: fail }, firstAt)
  signal.addEventListener('abort', () => ticker.stop(), { once: true })
}

function fail(error: Error): never {
  throw error
}

function requirePipe(pipe: unknown): asserts pipe is UDPipe {
  if (pipe instanceof UDPipe) return
  throw new UDPipeError(
    'ERR_ARGUMENT_INVALID',
    `A world needs a UDPipe, of the same copy of this package as itself; it was ${show(pipe)}.`,
  )
}
