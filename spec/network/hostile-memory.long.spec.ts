import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { ChildProgram, endPrograms } from '../support/child-program.ts'
import type { ProseFrame } from '../support/network-prose.ts'
import { RawClient } from '../support/network-raw-peer.ts'

afterEach(endPrograms)

const MiB = 1024 * 1024
/** The heap that the server's process has, beside which there are buffers, code, and what Node takes to begin with. */
const HEAP_MIB = 256
const LIMIT_BYTES = 512 * MiB
const PEERS = 4

const header = (type: number, count: number): Buffer => {
  const bytes = Buffer.alloc(5, type)
  bytes.writeUInt32BE(count, 1)
  return bytes
}

/** An array of so many of these as there is room for in a table of 1 MiB. */
function arrayOf(...item: readonly number[]): Buffer {
  const count = Math.floor((MiB - 5) / item.length)
  return Buffer.concat([header(0xdd, count), Buffer.alloc(count * item.length, Buffer.from(item))])
}

/** Objects of which no two are alike. */
function unlike(): Buffer {
  const items = Array.from({ length: 140_000 }, (_, i) => {
    return Buffer.concat([Buffer.of(0x81, 0xa4), Buffer.from(i.toString(36).padStart(4, 'z')), Buffer.of(0xc0)])
  })
  return Buffer.concat([header(0xdd, items.length), ...items])
}

/** Tables that take the more memory the less they look like it. */
const tables: readonly (readonly [string, () => Buffer])[] = [
  ['empty objects', () => arrayOf(0x80)],
  ['empty arrays', () => arrayOf(0x90)],
  ['Maps of one key', () => arrayOf(0x81, 0x01, 0xc0)],
  ['empty binary data', () => arrayOf(0xc4, 0x00)],
  ['objects of which no two are alike', unlike],
]

async function besieged(...args: readonly string[]): Promise<{ program: ChildProgram; port: number }> {
  const program = new ChildProgram('spec/network/programs/besieged.ts', args, {
    nodeOptions: [`--max-old-space-size=${HEAP_MIB}`],
  })
  const { port } = (await program.answer()) as { port: number }
  return { program, port }
}

interface Report {
  readonly peakBytes: number
  readonly tables: number
  readonly connections: number
  readonly pauses: number
}

/** Sends as fast as is taken, until `isOver`. */
async function flood(raw: RawClient, bytes: Buffer, isOver: () => boolean): Promise<void> {
  while (!isOver() && !raw.socket.destroyed) {
    if (raw.socket.writableLength > 4 * MiB) await delay(5)
    else raw.socket.write(bytes)
  }
}

/** What a server says of itself when peers have flooded it for long enough. */
async function besiege(
  port: number,
  program: ChildProgram,
  bytes: (raw: RawClient) => Buffer,
  isEnough: (report: Report) => boolean,
): Promise<Report> {
  let isOver = false
  const raws = await Promise.all(Array.from({ length: PEERS }, () => RawClient.standing(port)))
  const floods = raws.map((raw) => flood(raw, bytes(raw), () => isOver))
  let report: Report
  do {
    await delay(50)
    report = (await program.ask({})) as Report
  } while (!isEnough(report))
  // What has stopped would come now.
  await delay(200)
  report = (await program.ask({})) as Report
  isOver = true
  await Promise.all(floods)
  for (const raw of raws) raw.socket.destroy()
  return report
}

const hasPaused = ({ pauses }: Report): boolean => pauses > 0

describe('a server with a heap of 256 MiB outlives peers that send', () => {
  it.each(tables)('%s, while it polls', async (_what, table) => {
    const { program, port } = await besieged('drop', '50')
    const frame: ProseFrame = { type: 'TABLE', payload: table() }
    const report = await besiege(
      port,
      program,
      (raw) => raw.side.encode(frame),
      ({ tables: count }) => count >= 6,
    )
    expect(report.pauses).toBeGreaterThan(0)
    expect(report.connections).toBe(PEERS)
    expect(report.peakBytes).toBeLessThan(LIMIT_BYTES)
  })

  it.each(['drop', 'pause'])('tables while it never polls (%s)', async (overflow) => {
    const { program, port } = await besieged(overflow, '0')
    const frame: ProseFrame = { type: 'TABLE', payload: arrayOf(0xc4, 0x00) }
    const report = await besiege(port, program, (raw) => raw.side.encode(frame), hasPaused)
    expect([report.connections, report.pauses]).toEqual([PEERS, 1])
    expect(report.peakBytes).toBeLessThan(LIMIT_BYTES)
  })

  it('small tables while it never polls', async () => {
    const { program, port } = await besieged('pause', '0')
    const frame: ProseFrame = { type: 'TABLE', payload: Buffer.of(0x91, 0x01) }
    const report = await besiege(
      port,
      program,
      (raw) => raw.side.encode(...Array.from({ length: 5_000 }, () => frame)),
      hasPaused,
    )
    expect(report.pauses).toBe(1)
    expect(report.peakBytes).toBeLessThan(LIMIT_BYTES)
  })

  it('PINGs, and read no PONG', async () => {
    const { program, port } = await besieged('drop', '50')
    const frame: ProseFrame = { type: 'PING', payload: Buffer.alloc(64) }
    let rounds = 0
    const report = await besiege(
      port,
      program,
      (raw) => {
        raw.socket.pause()
        return raw.side.encode(...Array.from({ length: 5_000 }, () => frame))
      },
      () => (rounds += 1) > 10,
    )
    expect(report.connections).toBe(PEERS)
    expect(report.peakBytes).toBeLessThan(LIMIT_BYTES)
  })

  it('the beginnings of large frames, 200 of them', async () => {
    const { program, port } = await besieged('drop', '50')
    const raws = await Promise.all(Array.from({ length: 200 }, () => RawClient.standing(port)))
    const beginning = Buffer.concat([Buffer.from('0010000101', 'hex'), Buffer.alloc(100_000)])
    for (const raw of raws) raw.socket.write(beginning)
    await delay(500)
    const { connections, peakBytes } = (await program.ask({})) as Report
    expect(connections).toBe(200)
    expect(peakBytes).toBeLessThan(LIMIT_BYTES)
  })

  it('headers that announce gigabytes', async () => {
    const { program, port } = await besieged('drop', '50')
    const bomb = Buffer.alloc(MiB - 1, Buffer.of(0xdc, 0xff, 0xff))
    const raws = await Promise.all(Array.from({ length: PEERS }, () => RawClient.standing(port)))
    for (const raw of raws) raw.socket.write(raw.side.encode({ type: 'TABLE', payload: bomb }))
    await Promise.all(raws.map((raw) => raw.ended()))
    const { peakBytes } = (await program.ask({})) as Report
    for (const raw of raws) expect(raw.frames().at(-1)?.payload.readUInt16BE()).toBe(2)
    expect(peakBytes).toBeLessThan(LIMIT_BYTES)
  })
})
