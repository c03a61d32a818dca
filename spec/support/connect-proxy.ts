import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'

/** A proxy on loopback that leads through by CONNECT, and notes where to. */
export class ConnectProxy {
  readonly targets: string[] = []
  readonly #server: Server
  readonly #sockets: Socket[] = []

  private constructor(credentials: string | undefined) {
    this.#server = createServer()
    this.#server.on('connect', (request, socket: Socket) => {
      this.#sockets.push(socket)
      const expected = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`
      if (request.headers['proxy-authorization'] !== expected) {
        socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n')
        return
      }
      this.targets.push(request.url ?? '')
      const { hostname, port } = new URL(`http://${request.url ?? ''}`)
      const target = connect(Number(port === '' ? 80 : port), hostname.replace(/^\[|\]$/g, ''))
      this.#sockets.push(target)
      target.on('connect', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'))
      for (const [from, to] of [[target, socket] as const, [socket, target] as const]) {
        from.on('error', () => to.destroy())
        from.pipe(to)
      }
    })
  }

  /** @param credentials `user:password`, when it wants them */
  static async listen(credentials?: string): Promise<ConnectProxy> {
    const proxy = new ConnectProxy(credentials)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }
}
