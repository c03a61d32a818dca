import { milliseconds } from '../screen.ts'
import type { Chapter } from '../stage.ts'

/** A client connects, and every datagram of it is shown. */
export const handshake: Chapter = async ({ screen, server, ada }) => {
  await screen.chapter('The handshake', 'Ada says HELLO at the front door and is shown to a private port of her own.')
  server.command({ type: 'start' })
  const { port } = await server.until('listening')

  const lines: string[] = []
  let shown = Promise.resolve()
  ada.onReport = (report) => {
    if (report.type !== 'debug') return
    lines.push(report.line)
    shown = shown.then(() => screen.datagram(report.line))
  }
  ada.command({ type: 'connect', port, showsDatagrams: true })
  const { afterMs } = await ada.until('connected')
  await server.until('joined', { name: 'Ada' })
  await shown

  const words = ['HELLO', 'CONNECT', 'CONNECTED']
  const isComplete = words.every((word) => lines.some((line) => line.includes(` ${word} `)))
  return [{ claim: 'from HELLO to a connection that stands', measured: milliseconds(afterMs), isTrue: isComplete }]
}
