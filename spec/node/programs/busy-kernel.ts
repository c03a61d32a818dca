// Run with --test-udp-no-try-send, Node never sends at once: every datagram waits in libuv's queue, as with a kernel that is busy.
import { monotonicMs } from '../../../lib/node/clock.ts'
import { UdpSocket } from '../../../lib/node/udp-socket.ts'

const sender = UdpSocket.open({ host: '127.0.0.1', port: 0, clock: monotonicMs })
const receiver = UdpSocket.open({ host: '127.0.0.1', port: 0, clock: monotonicMs })

const memory = sender.acquire()
const accepted = sendNumbers(300)
console.log(`the first datagram ${sender.acquire() === memory ? 'lost' : 'kept'} its memory`)
console.log(`accepted ${accepted}, refused ${300 - accepted}, dropped ${sender.counters.droppedSend}`)

let next = 0
receiver.onReadable = () => {
  for (let datagram = receiver.receive(); datagram; datagram = receiver.receive()) {
    if (datagram.bytes.toString() !== `number ${next}`)
      throw new Error(`Expected ${next}, got ${datagram.bytes.toString()}`)
    next += 1
  }
  if (next < accepted) return
  receiver.close()
  console.log(`received 0 to ${next - 1} unharmed`)
  closeWhileBusy()
}

function closeWhileBusy(): void {
  const droppedBefore = sender.counters.droppedSend
  const accepted = sendNumbers(50)
  sender.close()
  console.log(`at close: accepted ${accepted}, dropped ${sender.counters.droppedSend - droppedBefore}`)
}

/** Sends numbered datagrams from the same memory and returns how many were accepted. */
function sendNumbers(count: number): number {
  let accepted = 0
  for (let n = 0; n < count; n += 1) {
    const { written } = new TextEncoder().encodeInto(`number ${n}`, sender.acquire())
    if (sender.send(written, receiver.address)) accepted += 1
  }
  return accepted
}
