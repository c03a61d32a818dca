import { UDPipeError } from '../core/errors.ts'
import type { Platform, Scheduler, Terminal } from '../port/platform.ts'
import { Clock, type ClockOptions } from './clock.ts'
import type { Partition } from './link-options.ts'
import { invalid, requireFinite, requireSpan } from './option-checks.ts'
import type { Random } from './random.ts'
import type { SimulationContext } from './simulation-context.ts'
import { SimulatedPorts, type PortLimits, type PortOwner, type SimulatedPort } from './simulated-port.ts'
import { Timer, type TimerOptions } from './timer.ts'
import type { Actor, Flushable } from './timeline.ts'

/** What a {@link Program} is. */
export interface ProgramOptions extends PortLimits {
  readonly name: string
  /** The address of the machine that it runs on. */
  readonly host: string
  /** The port that a socket gets which asks for any; later ones get the next that are free. */
  readonly firstPort: number
  readonly random: Random
  /** The machine's own clock. */
  readonly clock?: ClockOptions | undefined
  /** Spans of the simulation's time in which the program does nothing at all. Default none. */
  readonly pauses?: readonly Partition[] | undefined
}

/** What a real platform gives that is the same on a virtual clock. */
export type RealParts = Pick<Platform, 'cryptography' | 'text'>

/** The date on which every simulation begins: 2024-01-01. */
const EPOCH_MS = 1_704_067_200_000

const MAX_PORT = 65_535

interface Call {
  action: (() => void) | undefined
  /** When it is due, in the simulation's time. */
  readonly at: number
}

/**
 * One program on a machine of its own: its event loop, clock and sockets, on the simulation's time.
 *
 * Its turns are Node's: timers that are due, then what has arrived at its sockets, then immediates; microtasks after each. While it is paused,
 * what arrives waits in the kernel, and is stamped when the program comes to read it: after its timers, as in a real loop that was blocked.
 */
export class Program implements Actor, Flushable, PortOwner {
  readonly name: string
  readonly host: string
  readonly clock: Clock
  readonly #context: SimulationContext
  readonly #options: ProgramOptions
  readonly #slot: number
  readonly #pauses: Partition[]
  readonly #ports = new Set<SimulatedPort>()
  readonly #scripts = new Set<Timer>()
  readonly #warnings: Error[] = []
  #nextPort: number
  #timers: Call[] = []
  #immediates: Call[] = []
  #microtasks: (() => void)[] = []
  #isTouched = false
  #isActing = false
  #isStopped = false

  constructor(context: SimulationContext, options: ProgramOptions) {
    this.name = options.name
    this.host = options.host
    this.clock = new Clock(options.clock)
    this.#context = context
    this.#options = options
    this.#pauses = parsePauses(options.pauses)
    if (options.inboxDatagrams !== undefined) requireFinite('inboxDatagrams', options.inboxDatagrams, 1)
    this.#nextPort = options.firstPort
    this.#slot = context.timeline.add(this)
  }

  /** The time by the program's own clock, in milliseconds. */
  get now(): number {
    return this.clock.read(this.#context.timeline.now)
  }

  get isStopped(): boolean {
    return this.#isStopped
  }

  /** Whether it can do anything at present. */
  get isRunning(): boolean {
    const { now } = this.#context.timeline
    return !this.#isStopped && this.runsFrom(now) === now
  }

  /** The sockets that are open, the oldest first. */
  get ports(): readonly SimulatedPort[] {
    return [...this.#ports]
  }

  /** The errors that reached nobody: those of an `onError` that is not overridden. */
  get warnings(): readonly Error[] {
    return this.#warnings
  }

  /** The platform that this program runs on; `real` gives what needs no time and no network. */
  platform(real: RealParts): Platform {
    const { random, name } = this.#options
    const note = (line: string): void => this.#context.trace?.note(this.#context.timeline.now, name, line)
    const terminal: Terminal = { isDebugging: false, debug: note, warn: note, paint: (_color, text) => text }
    return {
      ...real,
      monotonicMs: () => this.now,
      unixMs: () => EPOCH_MS + this.#context.timeline.now,
      randomBytes: (lengthBytes) => random.bytes(lengthBytes),
      scheduler: this.#createScheduler(),
      terminal,
      createPorts: () => new SimulatedPorts(this, this.#context),
      resolveHost: (host) =>
        Promise.reject(
          new UDPipeError('ERR_HOST_NOT_FOUND', `'${host}' is a name, and a simulation has only addresses.`),
        ),
      warn: (error) => {
        this.#warnings.push(error)
        note(`warning: ${error.message}`)
      },
      warnAtOnce: (error) => {
        this.#warnings.push(error)
        note(`warning: ${error.message}`)
      },
    }
  }

  /**
   * Stops the program from `fromMs` up to `untilMs`, in the simulation's time: garbage collection, a breakpoint, SIGSTOP.
   *
   * @throws RangeError for a pause that does not end after it begins
   */
  pause(fromMs: number, untilMs: number): void {
    requireSpan('pause', { fromMs, untilMs })
    this.#pauses.push({ fromMs, untilMs })
  }

  /** The first time of the simulation, from `time` on, at which the program runs. */
  runsFrom(time: number): number {
    let running = time
    for (let isMoved = true; isMoved;) {
      isMoved = false
      for (const { fromMs, untilMs } of this.#pauses) {
        if (running < fromMs || running >= untilMs) continue
        running = untilMs
        isMoved = true
      }
    }
    return running
  }

  /** Calls something once, at a time of the simulation, or as soon after it as the program runs. */
  at(timeMs: number, action: () => void): void {
    this.#startScript(action, { fromMs: timeMs })
  }

  /** Calls something at an interval, while the program runs. */
  every(intervalMs: number, action: () => void, options: TimerOptions = {}): void {
    this.#startScript(action, { ...options, intervalMs })
  }

  /** Has the program vanish without a word: SIGKILL. */
  stop(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    for (const script of this.#scripts) script.stop()
    this.#scripts.clear()
    for (const port of this.ports) port.close()
    this.#timers = []
    this.#immediates = []
    this.#microtasks = []
    this.#context.timeline.remove(this.#slot)
  }

  act(now: number): void {
    const running = this.runsFrom(now)
    if (running > now) {
      this.#context.timeline.set(this.#slot, running)
      return
    }
    this.#isActing = true
    try {
      this.#callTimers(now)
      for (const port of this.#ports) if (port.isWaitedFor) this.#call(() => port.takeFromKernel())
      this.#callImmediates()
    } finally {
      this.#isActing = false
      this.#reschedule()
    }
  }

  flush(): void {
    this.#isTouched = false
    this.#drainMicrotasks()
  }

  /** Something waits in the kernel, or is to be done in this turn. */
  wake(): void {
    if (!this.#isActing && !this.#isStopped) this.#context.timeline.set(this.#slot, this.#context.timeline.now)
  }

  /** A port that is free: the one that was asked for, or the next. */
  takePort(wanted: number): number {
    if (wanted !== 0) return wanted
    const { network } = this.#context
    while (network.isTaken({ host: this.host, port: this.#nextPort })) this.#advancePort()
    const port = this.#nextPort
    this.#advancePort()
    return port
  }

  /** Keeps a socket that opens; says how it is to be. */
  addPort(port: SimulatedPort): PortLimits {
    this.#ports.add(port)
    return this.#options
  }

  removePort(port: SimulatedPort): void {
    this.#ports.delete(port)
  }

  /** Behind the last port comes the first one again. */
  #advancePort(): void {
    this.#nextPort = this.#nextPort === MAX_PORT ? this.#options.firstPort : this.#nextPort + 1
  }

  #createScheduler(): Scheduler {
    return {
      grainMs: 0,
      queueMicrotask: (action) => {
        this.#microtasks.push(action)
        if (this.#isActing || this.#isTouched) return
        this.#isTouched = true
        this.#context.timeline.touch(this)
      },
      setImmediate: (action) => {
        const call = { action, at: this.#context.timeline.now }
        this.#immediates.push(call)
        this.wake()
        return call
      },
      clearImmediate: cancel,
      setTimeout: (action, delayMs) => {
        const call = { action, at: this.clock.timeOf(this.now + delayMs) }
        this.#timers.push(call)
        if (!this.#isActing) this.#reschedule()
        return call
      },
      clearTimeout: cancel,
      unref: () => {},
    }
  }

  #startScript(action: () => void, options: TimerOptions & { readonly intervalMs?: number }): void {
    if (this.#isStopped) return
    const onEnd = (script: Timer): boolean => this.#scripts.delete(script)
    const call = (): void => this.#call(action)
    this.#scripts.add(new Timer(this.#context.timeline, call, { ...options, name: this.name, program: this, onEnd }))
  }

  /** Of those that are due, the one that was due first is first, and of these the one that was set first. */
  #callTimers(now: number): void {
    const due = this.#timers.filter(({ at }) => at <= now).sort((a, b) => a.at - b.at)
    if (due.length === 0) return
    this.#timers = this.#timers.filter(({ at }) => at > now)
    for (const call of due) this.#callOnce(call)
  }

  #callImmediates(): void {
    const due = this.#immediates
    if (due.length === 0) return
    this.#immediates = []
    for (const call of due) this.#callOnce(call)
  }

  #callOnce(call: Call): void {
    const { action } = call
    call.action = undefined
    if (action !== undefined) this.#call(action)
  }

  #call(action: () => void): void {
    if (this.#isStopped) return
    action()
    if (this.#isActing) this.#drainMicrotasks()
  }

  #drainMicrotasks(): void {
    // What one of them adds joins the end of the list.
    for (const action of this.#microtasks) action()
    this.#microtasks.length = 0
  }

  #reschedule(): void {
    if (this.#isStopped) return
    let next = this.#immediates.some(isPending) ? this.#context.timeline.now : Infinity
    let hasCancelled = false
    for (const { action, at } of this.#timers) {
      if (action === undefined) hasCancelled = true
      else if (at < next) next = at
    }
    if (hasCancelled) this.#timers = this.#timers.filter(isPending)
    this.#context.timeline.set(this.#slot, next)
  }
}

function parsePauses(pauses: unknown = []): Partition[] {
  if (!Array.isArray(pauses)) throw invalid('pauses', 'a list', pauses)
  for (const pause of pauses as Partition[]) requireSpan('pause', pause)
  return [...(pauses as Partition[])]
}

function isPending({ action }: Call): boolean {
  return action !== undefined
}

function cancel(call: unknown): void {
  if (call !== undefined) (call as Call).action = undefined
}
