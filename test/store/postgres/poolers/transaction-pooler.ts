/** A minimal pooler in transaction mode that behaves like PgBouncer. */

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { MessageReader } from './messages.ts'

/**
 * Start-up parameters that PgBouncer accepts by default. Any other parameter ends the connection
 * (https://www.pgbouncer.org/config.html#ignore_startup_parameters).
 */
const PARAMETERS = ['user', 'database', 'application_name', 'client_encoding', 'datestyle', 'timezone']
const SSL_REQUEST = 80_877_103
const IDLE = 'I'.charCodeAt(0)

/** A proxy between clients and a database. */
export interface Pooler {
  /** The address of a database through the pooler. */
  through(url: string): string
  /** The number of transactions that ran on another session than the client's previous one. */
  readonly switches: number
  stop(): Promise<void>
}

/** Starts a pooler. The caller stops it. @param target a port of 127.0.0.1 */
export async function startPooler(target: number): Promise<Pooler> {
  const sockets = new Set<Socket>()
  const pools = new Map<string, SessionPool>()
  const follow = (socket: Socket): Socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    return socket.on('close', () => sockets.delete(socket))
  }
  const dial = () => follow(connect({ port: target, host: '127.0.0.1', noDelay: true }))
  const server = createServer({ noDelay: true }, (socket) => serve(follow(socket), dial, pools))
  server.listen({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    through: (url) => url.replace(`:${target}/`, `:${port}/`),
    get switches() {
      return [...pools.values()].reduce((sum, pool) => sum + pool.switches, 0)
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A connection to the database that clients borrow for one transaction. */
interface Session {
  readonly socket: Socket
  borrower: Client | undefined
}

/** The sessions of one user in one database. */
class SessionPool {
  switches = 0
  readonly #idle: Session[] = []
  readonly #queue: Client[] = []

  /** Lends the session that was idle for longest, so that a client rarely gets the same one twice. */
  lend(client: Client): void {
    const session = this.#idle.shift()
    if (session === undefined) this.#queue.push(client)
    else {
      if (client.last !== session) this.switches += 1
      client.take(session)
    }
  }

  takeBack(session: Session): void {
    this.#idle.push(session)
    const next = this.#queue.shift()
    if (next !== undefined) this.lend(next)
  }

  drop(session: Session): void {
    if (this.#idle.includes(session)) this.#idle.splice(this.#idle.indexOf(session), 1)
  }
}

class Client {
  /** The client's previous session. */
  last: Session | undefined
  readonly #socket: Socket
  readonly #pool: SessionPool
  #session: Session | undefined
  /** Messages that came while the client had no session. */
  #waiting: Buffer[] = []
  /** The number of `ReadyForQuery` messages still to come. */
  #expected = 0

  constructor(socket: Socket, pool: SessionPool) {
    this.#socket = socket
    this.#pool = pool
    // A client that leaves mid-transaction leaves its session in an unknown state.
    socket.on('close', () => this.#session?.socket.destroy())
  }

  take(session: Session): void {
    this.last = session
    this.#session = session
    session.borrower = this
    for (const bytes of this.#waiting.splice(0)) session.socket.write(bytes)
  }

  send(type: string, bytes: Buffer): void {
    if (type === 'X') return void this.#socket.end()
    if (type === 'Q' || type === 'S') this.#expected += 1
    if (this.#session !== undefined) this.#session.socket.write(bytes)
    else if (this.#waiting.push(bytes) === 1) this.#pool.lend(this)
  }

  /** Opens a session. The client itself logs in through it. */
  logIn(startup: Buffer, socket: Socket): void {
    const session: Session = { socket, borrower: undefined }
    const reader = new MessageReader('of a server')
    socket.on('data', (chunk: Buffer) => {
      for (const { type, bytes } of reader.read(chunk)) session.borrower?.receive(type, bytes, session)
    })
    socket.on('close', () => {
      this.#pool.drop(session)
      session.borrower?.end()
    })
    this.#expected = 1
    this.#waiting = [startup]
    this.take(session)
  }

  end(): void {
    this.#socket.destroy()
  }

  receive(type: string, bytes: Buffer, session: Session): void {
    this.#socket.write(bytes)
    if (type !== 'Z') return
    this.#expected -= 1
    if (bytes.at(-1) !== IDLE || this.#expected > 0) return
    this.#session = undefined
    session.borrower = undefined
    this.#pool.takeBack(session)
  }
}

function serve(socket: Socket, dial: () => Socket, pools: Map<string, SessionPool>): void {
  const reader = new MessageReader('of a client')
  let client: Client | undefined
  socket.on('data', (chunk: Buffer) => {
    for (const { type, bytes } of reader.read(chunk)) {
      if (client !== undefined) client.send(type, bytes)
      else if (bytes.readInt32BE(4) === SSL_REQUEST) socket.write('N')
      else {
        const [names, values] = parametersIn(bytes)
        const unknown = names.find((name) => !PARAMETERS.includes(name.toLowerCase()))
        if (unknown !== undefined) return void socket.end(fatal(`unsupported startup parameter: ${unknown}`))
        const key = JSON.stringify([values[names.indexOf('user')], values[names.indexOf('database')]])
        const pool = pools.get(key) ?? new SessionPool()
        pools.set(key, pool)
        client = new Client(socket, pool)
        client.logIn(bytes, dial())
      }
    }
  })
}

/** The names and values of a start-up message. */
function parametersIn(startup: Buffer): [names: readonly string[], values: readonly string[]] {
  const words = startup.subarray(8, -2).toString('utf8').split('\0')
  return [words.filter((_, index) => index % 2 === 0), words.filter((_, index) => index % 2 === 1)]
}

/** An ErrorResponse (https://www.postgresql.org/docs/current/protocol-message-formats.html). */
function fatal(message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C08P01\0M${message}\0\0`)
  const head = Buffer.alloc(5)
  head.write('E')
  head.writeInt32BE(fields.length + 4, 1)
  return Buffer.concat([head, fields])
}
