import { createConnection, type Socket } from 'node:net'

const STALL_MS = 10_000
const OK = /^HTTP\/1\.1 200 /
const LENGTH = /\r\ncontent-length: *(\d+)\r\n/i

/** Called for each complete answer of status 200. `sentAt` is the time of its request by `performance.now()`. */
type OnAnswer = (connection: Connection, sentAt: number) => void

/** A kept-alive connection with at most one request under way. */
export class Connection {
  readonly #socket: Socket
  readonly #onFailure: (why: string) => void
  #onAnswer: OnAnswer = () => {}
  #sentAt = 0
  #received: Buffer | undefined

  /**
   * @param onFailure called for a status other than 200, an unreadable answer, no answer for 10 s, or a lost connection
   */
  static open(port: number, onFailure: (why: string) => void): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = createConnection({ host: '127.0.0.1', port, noDelay: true })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(new Connection(socket, onFailure))
      })
    })
  }

  private constructor(socket: Socket, onFailure: (why: string) => void) {
    this.#socket = socket
    this.#onFailure = onFailure
    socket.on('data', (chunk) => this.#receive(typeof chunk === 'string' ? Buffer.from(chunk) : chunk))
    socket.on('error', (error) => onFailure(`a connection failed: ${error.message}`))
    socket.on('end', () => onFailure('the server closed a connection'))
    socket.setTimeout(STALL_MS, () => onFailure(`no answer within ${STALL_MS / 1000} s`))
  }

  send(request: Buffer, onAnswer: OnAnswer): void {
    this.#onAnswer = onAnswer
    this.#sentAt = performance.now()
    this.#socket.write(request)
  }

  close(): void {
    this.#socket.removeAllListeners().on('error', () => {})
    this.#socket.destroy()
  }

  #receive(chunk: Buffer): void {
    const received = this.#received === undefined ? chunk : Buffer.concat([this.#received, chunk])
    this.#received = received
    const headLength = received.indexOf('\r\n\r\n') + 4
    if (headLength < 4) return
    const head = received.toString('latin1', 0, headLength)
    const length = LENGTH.exec(head)?.[1]
    if (!OK.test(head) || length === undefined) {
      this.#onFailure(`an answer is not 200 with a Content-Length: ${received.toString()}`)
    } else if (received.length >= headLength + Number(length)) {
      this.#received = undefined
      this.#onAnswer(this, this.#sentAt)
    }
  }
}
