import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'

/** What a route may be instead of one that leads somewhere: what the kernel then says to whoever sends. */
export const deadRoutes = {
  ENETUNREACH: 'throw',
  EHOSTUNREACH: 'unreachable',
  EACCES: 'prohibit',
  EINVAL: 'blackhole',
} as const

/** What whoever sends to a dead route is told. */
export type DeadRoute = keyof typeof deadRoutes

/** A network of its own, with interfaces, addresses and routes that come and go. */
export class Namespace {
  /** Nobody else's. */
  readonly name = `udpipe-${process.pid}-${randomBytes(4).toString('hex')}`

  /** `onOver` is told what has to be done in the end. */
  constructor(onOver: (remove: () => void) => void) {
    ip('netns', 'add', this.name)
    onOver(() => {
      ip('netns', 'del', this.name)
    })
    this.ip('link', 'set', 'lo', 'up')
  }

  /** What to run a program by. */
  get command(): readonly string[] {
    return ['ip', 'netns', 'exec', this.name]
  }

  /** Changes something, as `ip` is told it. */
  ip(...args: readonly string[]): void {
    ip('-n', this.name, ...args)
  }

  /** Gives this machine an address that is its own whatever its interfaces do. */
  addAddress(host: string): void {
    this.ip('address', 'add', `${host}/32`, 'dev', 'lo')
  }

  /** Whoever sends to this address of ours is told so by the kernel, from now on. */
  cut(host: string, code: DeadRoute): void {
    this.ip('route', 'del', 'local', host, 'dev', 'lo', 'table', 'local')
    this.ip('route', 'add', deadRoutes[code], host, 'table', 'local')
  }

  /** Undoes {@link cut}. */
  mend(host: string, code: DeadRoute): void {
    this.ip('route', 'del', deadRoutes[code], host, 'table', 'local')
    this.ip('route', 'add', 'local', host, 'dev', 'lo', 'table', 'local')
  }

  /** Lays a cable to another namespace; each end of it is an interface of this name. */
  connect(other: Namespace, device: string): void {
    this.ip('link', 'add', device, 'type', 'veth', 'peer', 'name', device, 'netns', other.name)
    for (const end of [this, other]) end.ip('link', 'set', device, 'up')
  }
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

/** Why this machine has no namespaces to play in; `undefined` when it has. */
export function whatIsMissing(): string | undefined {
  if (process.getuid?.() !== 0) return 'this is not root'
  const removals: (() => void)[] = []
  try {
    const [here, there] = [0, 1].map(() => new Namespace((remove) => removals.push(remove))) as [Namespace, Namespace]
    here.connect(there, 'probe')
    return undefined
  } catch (error) {
    return `ip cannot make them (${(error as Error).message.trim()})`
  } finally {
    for (const remove of removals) remove()
  }
}
