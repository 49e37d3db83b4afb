import { connect as connectPlain, type Socket } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'

/** The answer to a request that was sent as raw bytes. */
export interface RawResponse {
  /** 0 if no answer came. */
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Opens a TLS connection to a test server. */
export function connectTo(address: string): Promise<TLSSocket> {
  const { port } = new URL(address)
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', servername: 'localhost', port: Number(port) }, () => resolve(socket))
    socket.on('error', reject)
  })
}

/** Opens a plain TCP connection to a test server. */
export function connectPlainTo(address: string): Promise<Socket> {
  const { port } = new URL(address)
  return new Promise((resolve, reject) => {
    const socket = connectPlain({ host: '127.0.0.1', port: Number(port) }, () => resolve(socket))
    socket.on('error', reject)
  })
}

/**
 * Sends bytes as they are, and reads until the server closes the connection. Rejects if that takes more than `timeout`
 * ms.
 */
export async function sendRaw(address: string, request: string | Buffer, timeout = 20_000): Promise<RawResponse> {
  return parse(await exchange(await connectTo(address), [request], timeout))
}

/** Sends pieces of bytes one after the other, and reads all answers until the server closes the connection. */
export async function sendPieces(
  socket: Socket,
  pieces: readonly (string | Buffer)[],
): Promise<readonly RawResponse[]> {
  let text = await exchange(socket, pieces, 20_000)
  const answers: RawResponse[] = []
  while (text !== '') {
    const answer = parse(text)
    const length = Number(answer.headers['content-length'] ?? 0)
    answers.push({ ...answer, body: answer.body.slice(0, length) })
    text = answer.body.slice(length)
  }
  return answers
}

async function exchange(socket: Socket, pieces: readonly (string | Buffer)[], timeout: number): Promise<string> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  const closed = new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('the connection stayed open')), timeout)
    socket.on('error', () => {})
    socket.once('close', () => {
      clearTimeout(late)
      resolve()
    })
  })
  for (const piece of pieces) await new Promise((resolve) => socket.write(piece, resolve))
  await closed.finally(() => socket.destroy())
  return Buffer.concat(chunks).toString('latin1')
}

function parse(text: string): RawResponse {
  const end = text.indexOf('\r\n\r\n')
  const [head, body] = end === -1 ? [text, ''] : [text.slice(0, end), text.slice(end + 4)]
  const [statusLine = '', ...lines] = head.split('\r\n')
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  )
  return { status: Number(statusLine.split(' ')[1] ?? 0), headers, body }
}
