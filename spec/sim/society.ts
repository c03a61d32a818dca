import { isSameAddress } from '../../lib/core/address.ts'
import { ReliableFrontDoor } from '../../lib/reliable/handshake/front-door.ts'
import { deliveries, type Delivery } from '../../lib/session/delivery.ts'
import type { SessionEvent } from '../../lib/session/session.ts'
import type { SessionSettings } from '../../lib/session/settings.ts'
import type { LinkOptions, Random } from '../../lib/simulator/index.ts'
import type { End } from '../support/end.ts'
import { ReliableWorld } from '../support/reliable-world.ts'
import type { ReliableClientOptions, ReliableWorldOptions } from '../support/reliable-world.ts'
import { createSettings } from '../support/settings.ts'
import { Biography, type Goodbye } from './biography.ts'
import { checkQueues, fail } from './checks.ts'
import { Mail, type LetterNumbers } from './mail.ts'
import type { ScenarioContext } from './scenario.ts'

/** Options of {@link Society}. */
export interface SocietyOptions extends Omit<ReliableWorldOptions, 'seed' | 'trace' | 'settings' | 'server'> {
  readonly settings?: Partial<SessionSettings>
  readonly server?: Omit<NonNullable<ReliableWorldOptions['server']>, 'onEvent' | 'onAdmit'>
}

/** One program that is a client, and the sessions that a server made for it, one after the other. */
export class Member {
  readonly name: string
  readonly client: End
  readonly settings: SessionSettings
  readonly mail: Mail
  readonly biography: Biography
  /** The server's ends that there are, the newest last, and what each was told. */
  readonly ends = new Map<End, Biography>()
  /** With what it was closed by the servers. */
  readonly serverGoodbyes: Goodbye[] = []

  constructor(name: string, client: End, settings: SessionSettings, mail: Mail) {
    this.name = name
    this.client = client
    this.settings = settings
    this.mail = mail
    this.biography = new Biography(name)
  }

  /** The server's newest end. */
  get newestEnd(): End | undefined {
    return [...this.ends.keys()].at(-1)
  }

  /** Whether nothing is left of it: neither the program nor anything at the server. */
  get isGone(): boolean {
    return this.client.isOver && this.ends.size === 0
  }
}

/** What a program said before it was gone arrives within this time, even where it waits for a blocked loop. */
const LATE_MS = 30_000

/** How often somebody looks whether what is waited for has come to be: that takes long where many are to be asked. */
const LOOK_MS = 100

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** A server that may die and come again, and clients that come and go: what holds for all of them, whatever happens to whom. */
export class Society {
  readonly world: ReliableWorld
  readonly random: Random
  readonly settings: SessionSettings
  /** Everybody of whom something is left. */
  readonly members = new Map<string, Member>()
  readonly #memberOf = new Map<End, Member>()
  readonly #numbers: LetterNumbers = { next: 0 }
  /** Where the server has had ends since it was started. */
  readonly #portsEver = new Set<number>()
  #joined = 0
  #goodbyes = 0

  constructor({ seed, random, trace }: ScenarioContext, options: SocietyOptions = {}) {
    this.random = random
    this.settings = createSettings(options.settings)
    this.world = new ReliableWorld({
      ...options,
      seed,
      trace,
      settings: this.settings,
      server: {
        ...options.server,
        // Who comes says its name, because its address may be another's tomorrow.
        onAdmit: (end, { payload }) => this.#welcome(end, decoder.decode(payload)),
        onEvent: (event, end) => this.#handleServerEvent(event, end),
      },
    })
  }

  /** Those whose program runs. */
  get living(): Member[] {
    return [...this.members.values()].filter(({ client }) => !client.isOver)
  }

  /** How many have joined so far. */
  get joined(): number {
    return this.#joined
  }

  /** How many letters were sent so far. */
  get letters(): number {
    return this.#numbers.next
  }

  /** How many things the front door remembers of its clients. */
  get remembered(): number {
    const { frontDoors } = this.world.server
    return frontDoors.reduce((sum, door) => sum + (door instanceof ReliableFrontDoor ? door.remembered : NaN), 0)
  }

  /** Has a client dial. */
  join(options: ReliableClientOptions = {}): Member {
    this.#joined += 1
    const name = `member ${this.#joined}`
    const client = this.world.dial({ ...options, name, payload: encoder.encode(name) })
    const settings = createSettings({ ...this.settings, ...options.settings })
    const member = new Member(name, client, settings, new Mail(name, this.#numbers))
    client.onEvent = (event) => this.#handleClientEvent(event, member)
    this.members.set(name, member)
    return member
  }

  /** Says something from an end, if it still may. Returns whether it was accepted. */
  say(member: Member, from: End, bytes: number, delivery?: Delivery, channel?: number): boolean {
    const { state } = from.session
    if (from.isOver || state === 'closing' || state === 'closed') return false
    const { random } = this
    const isAccepted = member.mail.send(
      this.world.now,
      from,
      bytes,
      delivery ?? random.pick(deliveries),
      channel ?? random.pick([0, 0, 1, 255]),
    )
    checkQueues(from, from === member.client ? member.settings : this.settings)
    return isAccepted
  }

  /** Closes an end, with words that nobody else uses, as soon as its program runs. */
  close(member: Member, end: End): void {
    end.at(this.world.now, () => {
      const { state } = end.session
      if (state === 'closing' || state === 'closed') return
      this.#goodbyes += 1
      const goodbye = { code: this.#goodbyes % 60_000, reason: `goodbye ${this.#goodbyes}` }
      const biography = end === member.client ? member.biography : member.ends.get(end)
      if (biography === undefined) return
      biography.goodbye = goodbye
      if (end !== member.client) member.serverGoodbyes.push(goodbye)
      end.close(goodbye.code, goodbye.reason)
    })
  }

  /** A client's program vanishes without a word. */
  kill(member: Member): void {
    member.client.stop()
    member.mail.excuse(member.client)
    this.#release(member)
  }

  /** The server vanishes without a word, and another one is started at the same place. */
  restartServer(): void {
    for (const end of this.world.server.endpoints) {
      const member = this.#memberOf.get(end)
      if (member === undefined) continue
      member.mail.excuse(end)
      this.#forgetEnd(end, member)
    }
    this.world.restartServer()
    this.#portsEver.clear()
  }

  /** Both directions of a client's link do this from now on. */
  configure({ client }: Member, link: LinkOptions): void {
    this.world.uplink(client).configure(link)
    this.world.downlink(client).configure(link)
  }

  /** Whether a client and one end at the server take each other for their peer. */
  isUnited({ client, ends }: Member): boolean {
    if (client.session.state !== 'connected') return false
    const { network } = this.world
    for (const end of ends.keys()) {
      const isPeer = isSameAddress(end.socket.address, client.session.remote)
      if (isPeer && end.session.state === 'connected' && network.receiverAt(end.session.remote) === client.port)
        return true
    }
    return false
  }

  /** Whether all who live are connected, nobody else has a place at the server, and nothing that was said is owed. */
  get isAtPeace(): boolean {
    const { living } = this
    if (this.world.server.clientCount !== living.length) return false
    for (const member of this.members.values()) if (!member.mail.isSettled) return false
    return living.every((member) => this.isUnited(member))
  }

  /** Waits until that is so; says what is not, when it does not come to be. */
  makePeace(limitMs: number): void {
    if (this.waitFor(() => this.isAtPeace, limitMs)) return
    for (const { mail } of this.members.values()) mail.checkSettled()
    const divided = this.living.filter((member) => !this.isUnited(member)).map((member) => this.#describe(member))
    fail(
      `no peace after ${limitMs} ms: ${this.living.length} live, ${this.world.server.clientCount} are at the server; ` +
        `divided: ${divided.join('; ') || 'nobody'}`,
    )
  }

  /** Lets time pass until something is so, and looks now and then. Returns whether it came to be within `limitMs`. */
  waitFor(isDone: () => boolean, limitMs: number): boolean {
    const untilMs = this.world.now + limitMs
    while (!isDone()) {
      if (this.world.now >= untilMs) return false
      this.world.run(LOOK_MS)
    }
    return true
  }

  /** Throws unless what each end counts is what it was told and has sent. */
  checkCounts(): void {
    for (const { client, biography, ends } of this.members.values()) {
      if (!client.isOver) checkCount(client, biography)
      for (const [end, told] of ends) checkCount(end, told)
    }
  }

  /** Throws unless nothing is left of anybody: no end, no port, no datagram that still travels, nothing that a front door remembers. */
  checkGone(): void {
    const { world } = this
    if (world.server.clientCount > 0) fail(`${world.server.clientCount} clients are still at the server`)
    const { host } = world.server.address
    for (const port of this.#portsEver) if (world.network.isTaken({ host, port })) fail(`port ${port} is still taken`)
    if (world.network.inFlightPackets > 0) fail(`${world.network.inFlightPackets} datagrams still travel`)
    for (const member of this.members.values()) {
      member.mail.checkSettled()
      if (!member.isGone) fail(`not gone: ${this.#describe(member)}`)
    }
    if (this.remembered !== 0) fail(`the front door remembers ${this.remembered} things of those who are gone`)
  }

  #welcome(end: End, name: string): void {
    const member = this.members.get(name)
    if (member === undefined) return fail(`'${name}' was let in, and is nobody`)
    member.ends.set(end, new Biography(`${end.name} of ${name}`))
    this.#memberOf.set(end, member)
    // Where the port is shared, it is the server's own.
    const { port } = end.socket.address
    if (port !== this.world.server.address.port) this.#portsEver.add(port)
  }

  #handleClientEvent(event: SessionEvent, member: Member): void {
    const { client, biography, mail, serverGoodbyes } = member
    biography.write(event)
    if (event.type === 'message') mail.arrive(client, event)
    else if (event.type === 'undelivered') mail.handBack(client, event)
    else if (event.type === 'ended' && event.cause === 'closed-there') checkSaid(client, event, serverGoodbyes)
    // The endpoint stops behind the last event, in the same step.
    else if (event.type === 'closed') this.world.at(this.world.now, () => this.#release(member))
  }

  #handleServerEvent(event: SessionEvent, end: End): void {
    const member = this.#memberOf.get(end)
    if (member === undefined) return fail(`${end.name} is told '${event.type}', and is nobody's`)
    const { goodbye } = member.biography
    member.ends.get(end)?.write(event)
    if (event.type === 'message') member.mail.arrive(end, event)
    else if (event.type === 'undelivered') member.mail.handBack(end, event)
    else if (event.type === 'ended' && event.cause === 'closed-there') checkSaid(end, event, goodbye ? [goodbye] : [])
    else if (event.type === 'closed') this.#forgetEnd(end, member)
  }

  #forgetEnd(end: End, member: Member): void {
    member.ends.delete(end)
    this.#memberOf.delete(end)
    this.#release(member)
  }

  /** Somebody of whom nothing is left, and who is owed nothing, is forgotten; but not before the last HELLO of theirs has arrived. */
  #release(member: Member): void {
    if (!member.isGone) return
    member.mail.checkSettled()
    this.world.at(this.world.now + LATE_MS, () => {
      if (!member.isGone) return
      this.members.delete(member.name)
      this.world.forget(member.client)
    })
  }

  #describe(member: Member): string {
    const { name, client, ends } = member
    const there = [...ends.keys()].map((end) => `${end.name} ${end.session.state}`).join(', ')
    const peer = this.world.network.receiverAt(client.session.remote)
    return `${name} is ${client.isOver ? 'over' : client.session.state} and talks to ${peer?.name ?? 'nobody'}; at the server: ${there || 'nobody'}`
  }
}

function checkSaid(end: End, event: Goodbye, goodbyes: readonly Goodbye[]): void {
  if (goodbyes.some(({ code, reason }) => code === event.code && reason === event.reason)) return
  fail(`${end.name} is told that it was closed with ${event.code} '${event.reason}', which nobody said`)
}

function checkCount(end: End, { messages, name }: Biography): void {
  const { receivedMessages, queuedMessages, queuedBytes, heldBytes } = end.session.stats
  if (receivedMessages !== messages) fail(`${name} counts ${receivedMessages} messages, and was handed ${messages}`)
  if (queuedMessages !== 0 || queuedBytes !== 0)
    fail(`${name} counts ${queuedMessages} messages of ${queuedBytes} B that wait, and nothing does`)
  if (heldBytes !== 0) fail(`${name} counts ${heldBytes} B that it holds, and holds nothing`)
}
