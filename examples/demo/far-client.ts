// Before the bad link: one connection for each way of delivery, and the same messages on all of them.

import { ticks, UDPipe, type Delivery } from 'udpipe'
import { hear, tell, type FarClientCommand } from './reports.ts'
import { compared, stamp } from './stamp.ts'

class FarClient extends UDPipe {
  readonly delivery: Delivery

  constructor(delivery: Delivery) {
    super()
    this.delivery = delivery
  }
}

hear((message) => void sendAll(message as FarClientCommand))
tell({ type: 'ready' })

async function sendAll({ host, port, messages }: FarClientCommand): Promise<void> {
  const clients = compared.map((delivery) => new FarClient(delivery))
  const connections = clients.map((client) => client.connect(host, port, { security: 'none' }))
  for (const client of clients) void client.run()
  await Promise.all(connections)

  const clock = ticks(60)
  for (let number = 0; number < messages; number += 1) {
    await clock.next()
    for (const client of clients) client.send(stamp(client.delivery, number), undefined, { delivery: client.delivery })
  }
  await Promise.all(clients.map((client) => client.close()))
  tell({ type: 'sent' })
  process.disconnect()
}
