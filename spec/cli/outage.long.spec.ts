import { describe, expect, it } from 'vitest'
import type { ChildProgram } from '../support/child-program.ts'
import { freeRange } from '../support/free-range.ts'
import { listen, udpipe } from './udpipe-command.ts'

/** Where relays stand for servers that are at 127.0.0.1: an address that no other run of the specs has. */
const HOST = `127.1.${(process.pid >> 8) & 0xff}.${process.pid & 0xff || 1}`

describe('a relay that goes away between commands, and comes back', () => {
  it('as another one, is reported as a stall and a move, and no line is missing or twice', async () => {
    const { listener, port, startRelay } = await listenBehindRelay('--lines', '--timeout', '60')
    const relay = await startRelay()
    const connection = udpipe('connect', HOST, port, '--lines', '--timeout', '60')
    await connection.until(/ connected to /)

    connection.write('before\n')
    await listener.until(/^before\n/)
    await relay.destroy()
    await connection.until(/ stalled: nothing heard from 127\.1\.[\d.]+:\d+; what is sent to it waits\n/)
    connection.write('while stalled\n')
    await startRelay()
    await listener.until(/ moved: client 1 \(.*\) was at 127\.0\.0\.1:\d+ and is at 127\.0\.0\.1:\d+\n/)
    await connection.until(/ unstalled: 127\.1\.[\d.]+:\d+ is back\n/)
    connection.end('after\n')

    expect(await connection.ended).toBe(0)
    await listener.until(/ disconnected: client 1 .*, closed by the other side\n/)
    expect(listener.stdout).toBe('before\nwhile stalled\nafter\n')
  })

  it('after longer than connect waits, is reported as a connection that was lost and found', async () => {
    const { listener, port, startRelay } = await listenBehindRelay('--lines', '--timeout', '60')
    const relay = await startRelay()
    const connection = udpipe('connect', HOST, port, '--lines', '--reconnect', '--timeout', '2')
    await connection.until(/ connected to /)

    connection.write('before\n')
    await listener.until(/^before\n/)
    relay.kill('SIGSTOP')
    connection.write('while lost\n')
    await connection.until(/ disconnected from 127\.1\.[\d.]+:\d+: no sign of life for 2 s; dialing again\n/)
    connection.write('while it dials\n')
    relay.kill('SIGCONT')
    await connection.until(/ reconnected to /)
    connection.end('after\n')

    expect(await connection.ended).toBe(0)
    await listener.until(/ disconnected: client 1 .*, closed by the other side\n/)
    expect(listener.stdout).toBe('before\nwhile lost\nwhile it dials\nafter\n')
  })

  it('is waited for by a ping, which then goes on and says what was lost', async () => {
    const { port, startRelay } = await listenBehindRelay('--timeout', '60')
    const relay = await startRelay()
    const ping = udpipe('ping', '-i', '0.1', '--timeout', '60', HOST, port)
    await ping.until(/seq=2 /)

    await relay.destroy()
    const answered = countOf(ping)
    await new Promise((resolve) => setTimeout(resolve, 500))
    await startRelay()
    await ping.until(new RegExp(`(.* seq=.*\\n){${answered + 3}}`))
    ping.kill('SIGINT')

    expect(await ping.ended).toBe(0)
    expect(ping.stdout).toMatch(/\n\d+ pings sent, \d+ answered, [1-9][\d.]* % lost\n/)
  })
})

/** A listener, and what starts a relay to it; one that comes back has to be told which private ports clients were shown before. */
async function listenBehindRelay(...options: readonly string[]) {
  const { min, max } = freeRange(2)
  const ports = `${min}-${max}`
  const { listener, port } = await listen('--advertise', HOST, '--private-ports', ports, ...options)
  const startRelay = async (): Promise<ChildProgram> => {
    const relay = udpipe('sim', port, '127.0.0.1', port, '--host', HOST, '--ports', ports)
    await relay.until(/relaying/)
    return relay
  }
  return { listener, port, startRelay }
}

/** How many pings were answered so far. */
function countOf(ping: ChildProgram): number {
  return ping.stdout.split('\n').length - 1
}
