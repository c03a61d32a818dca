import type { Chapter } from '../stage.ts'

/** Everybody who is left closes. */
export const farewell: Chapter = async ({ screen, server, ada, ben }) => {
  await screen.chapter('Goodbye', 'Ada and Ben close, and the server after them: CLOSE, answered with CLOSED.')
  const startMs = performance.now()
  const leaving = [ada, ben]
  for (const client of leaving) client.command({ type: 'close' })
  const departures = []
  for (const { name } of leaving) departures.push(await server.until('left', { name }))
  for (const { name, atMs } of departures) screen.event(atMs - startMs, `${name} has left: onClose, onDisconnect`)

  server.command({ type: 'close' })
  const { atMs, receivedPackets, sentPackets } = await server.until('closed')
  screen.event(atMs - startMs, 'the server has closed')
  const endings = await Promise.all([...leaving, server].map(({ ended }) => ended))

  return [
    {
      claim: 'clients that closed, and were seen to',
      measured: `${departures.length} of ${leaving.length}`,
      isTrue: departures.every(({ timedOut }) => !timedOut),
    },
    {
      claim: 'processes that ended by themselves, with exit code 0',
      measured: `${endings.filter((ending) => ending === 0).length} of ${endings.length}`,
      isTrue: endings.every((ending) => ending === 0),
    },
    {
      claim: 'datagrams that the server received / sent',
      measured: `${receivedPackets.toLocaleString('en-US')} / ${sentPackets.toLocaleString('en-US')}`,
      isTrue: receivedPackets > 0 && sentPackets > 0,
    },
  ]
}
