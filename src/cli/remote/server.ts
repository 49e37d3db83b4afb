import { type IncomingMessage, request as plainRequest } from 'node:http'
import { request as secureRequest } from 'node:https'
import { getCACertificates } from 'node:tls'
import { readAuthorities } from '../../config/certificate.ts'
import { isUntrusted, networkFault } from '../../platform/system-error.ts'
import { UserError } from '../../platform/user-error.ts'
import { version } from '../../platform/version.ts'
import { errorOfProblem, isProblem } from './problem.ts'

/** Milliseconds without a byte from the server. */
const SILENCE_MS = 60_000
/** Bytes of an answer. A page of a list is far shorter. */
const LONGEST_ANSWER = 64 * 1024 * 1024

/** A request to a server. */
export interface RemoteRequest {
  readonly method: string
  /** The path and the query. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** JSON; undefined if there is none. */
  readonly body?: unknown
}

/** A successful answer. */
export interface RemoteAnswer {
  readonly status: number
  readonly etag: string | undefined
  /** JSON; undefined if there is none. */
  readonly body: unknown
}

/** The admin API of a server. Requests go to its origin and nowhere else: no redirect is followed. */
export class Server {
  readonly origin: string
  readonly #ca: readonly string[] | undefined

  /** @param origin made by `originOf` @param ca the file with authorities to trust in addition to the default ones @throws UserError */
  constructor(origin: string, ca: string | undefined) {
    this.origin = origin
    this.#ca = ca === undefined ? undefined : [...getCACertificates('default'), readAuthorities('--ca', ca)]
  }

  /** @param token undefined if the request needs none @throws UserError, NotFound, NotAllowed or Conflict for any other answer */
  async send({ method, path, headers = {}, body }: RemoteRequest, token: string | undefined): Promise<RemoteAnswer> {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const response = await this.#exchange(
      method,
      path,
      {
        ...headers,
        Accept: 'application/json',
        // The page that confirms a log-in shows it, so that people recognise their own request.
        'User-Agent': `tessera/${version}`,
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
        ...(text !== undefined && {
          'Content-Type': 'application/json',
          'Content-Length': String(Buffer.byteLength(text)),
        }),
      },
      text,
    )
    const { statusCode: status = 0 } = response
    const answer = parse(await this.#read(response))
    if (status >= 200 && status < 300) return { status, etag: response.headers.etag, body: answer }
    if (status >= 300 && status < 400)
      throw new UserError(
        `${this.origin} sends requests elsewhere, which would carry the token along: name the right server`,
      )
    if (!isProblem(answer))
      throw new UserError(
        `${this.origin} is no admin listener of Tessera, which has a port of its own, 9999 by default: it answered ${status}`,
      )
    throw errorOfProblem(status, answer)
  }

  #exchange(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body: string | undefined,
  ): Promise<IncomingMessage> {
    const url = new URL(path, this.origin)
    if (url.origin !== this.origin) throw new UserError('a path leads to another server')
    return new Promise((resolve, reject) => {
      const options = { method, headers, ...(this.#ca !== undefined && { ca: [...this.#ca] }) }
      const sent =
        url.protocol === 'https:' ? secureRequest(url, options, resolve) : plainRequest(url, options, resolve)
      sent.setTimeout(SILENCE_MS, () => sent.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })))
      sent.on('error', (error) => reject(this.#explain(error)))
      sent.end(body)
    })
  }

  async #read(response: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = []
    let length = 0
    try {
      for await (const chunk of response) {
        const bytes = Buffer.from(chunk)
        length += bytes.length
        if (length > LONGEST_ANSWER) throw new UserError(`${this.origin} sends an answer that is too long`)
        chunks.push(bytes)
      }
    } catch (error) {
      throw error instanceof UserError ? error : this.#explain(error)
    }
    return Buffer.concat(chunks).toString()
  }

  #explain(error: unknown): UserError {
    const fault = networkFault(error) ?? 'it could not be reached'
    const remedy = isUntrusted(error) ? ': name its authority with tessera login --ca, or in NODE_EXTRA_CA_CERTS' : ''
    return new UserError(`${this.origin}: ${fault}${remedy}`, { cause: error })
  }
}

/** The JSON of a text; undefined if it is empty or something else. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
