/** A complete message of PostgreSQL's protocol. */
interface Message {
  /** Empty if the message has no type. */
  readonly type: string
  readonly bytes: Buffer
}

/** The size of an SSLRequest, which may precede the start-up message. */
const REQUEST_SIZE = 8

/** Cuts a stream into messages (https://www.postgresql.org/docs/current/protocol-message-formats.html). */
export class MessageReader {
  #rest = Buffer.alloc(0)
  #isStarting: boolean

  /** @param stream the first messages of a client have no type */
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
