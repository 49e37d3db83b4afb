/** A message of PostgreSQL's protocol, whole. */
interface Message {
  /** Empty where it has none. */
  readonly type: string
  readonly bytes: Buffer
}

/** A request for TLS, which may come before the message that starts a connection. */
const REQUEST_SIZE = 8

/** Cuts a stream into messages (https://www.postgresql.org/docs/current/protocol-message-formats.html). */
export class MessageReader {
  #rest = Buffer.alloc(0)
  #isStarting: boolean

  /** @param stream a client starts with messages that have no type */
  constructor(stream: 'of a client' | 'of a server') {
    this.#isStarting = stream === 'of a client'
  }

  read(chunk: Buffer): readonly Message[] {
    this.#rest = Buffer.concat([this.#rest, chunk])
    const messages: Message[] = []
    for (;;) {
      const at = this.#isStarting ? 0 : 1
      if (this.#rest.length < at + 4) return messages
      const end = at + this.#rest.readInt32BE(at)
      if (this.#rest.length < end) return messages
      const bytes = this.#rest.subarray(0, end)
      messages.push({ type: bytes.toString('latin1', 0, at), bytes })
      if (this.#isStarting && end !== REQUEST_SIZE) this.#isStarting = false
      this.#rest = this.#rest.subarray(end)
    }
  }
}
