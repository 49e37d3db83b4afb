import { isUtf8 } from 'node:buffer'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'
import { JsonError, parseJson } from '../../platform/json.ts'
import type { AddressRules } from './addresses.ts'
import { FetchError } from './fetch-error.ts'
import type { OutboundProxy } from './proxy.ts'
import { GET, type Sent, send } from './request.ts'
import { type HostAddress, type Lookup, resolveHost, systemLookup } from './resolve.ts'
import { readHttpsUrl, refuseUrl } from './url.ts'

/** The most chunks or TLS records of a document. Each takes ten microseconds, and the largest document has 200. */
const MOST_PIECES = 400

interface FetchLimits {
  /** Milliseconds for the whole fetch: resolving, redirects, all bytes. */
  readonly time: number
  /** The most bytes of a document. */
  readonly size: number
  readonly redirects: number
}

const LIMITS: FetchLimits = { time: 5_000, size: 256 * 1024, redirects: 3 }

interface FetcherOptions {
  /** The addresses that the fetcher may connect to. */
  readonly addresses: AddressRules
  /** Certificates, in PEM, that are trusted in addition to the usual roots. */
  readonly ca?: readonly string[] | undefined
  readonly lookup?: Lookup | undefined
  /** The proxy for all hosts except those that are reached directly. */
  readonly proxy?: OutboundProxy | undefined
  readonly limits?: Partial<FetchLimits> | undefined
}

/** A document, with the headers that say how long it may be cached (RFC 9111). */
export interface FetchedJson {
  readonly json: unknown
  readonly headers: Pick<IncomingHttpHeaders, 'cache-control' | 'age' | 'date' | 'expires'>
  /** The URL after all redirects. */
  readonly finalUrl: string
}

/** An answer of any status. */
interface Exchanged {
  readonly status: number
  /** The `Content-Type`. */
  readonly type: string | undefined
  readonly body: Buffer
}

/**
 * Fetches JSON from URLs that strangers may choose. The fetcher connects only to permitted addresses, and its limits bound the
 * time and memory that a server can cost this process.
 */
export class JsonFetcher {
  readonly addresses: AddressRules
  readonly #secureContext: SecureContext | undefined
  readonly #lookup: Lookup
  readonly #proxy: OutboundProxy | undefined
  readonly #limits: FetchLimits

  constructor({ addresses, ca = [], lookup = systemLookup, proxy, limits }: FetcherOptions) {
    this.addresses = addresses
    this.#lookup = lookup
    this.#proxy = proxy
    this.#limits = { ...LIMITS, ...limits }
    // The context is made once: reading a hundred roots for each request would cost more than the request.
    if (ca.length > 0) this.#secureContext = createSecureContext({ ca: [...getCACertificates('default'), ...ca] })
  }

  /** Sends a GET for a document. It refuses compressed answers. @throws FetchError */
  get(url: string): Promise<FetchedJson> {
    return this.#within(url, async (signal) => {
      const { response, finalUrl } = await this.#follow(url, signal)
      const json = readJson(await this.#readBody(response, finalUrl, signal), finalUrl)
      return { json, headers: response.headers, finalUrl }
    })
  }

  /** Sends any request, by the same rules as `get`. It follows no redirect, and takes an answer of any status. @throws FetchError */
  exchange(text: string, sent: Sent): Promise<Exchanged> {
    return this.#within(text, async (signal) => {
      const { url, problem } = readHttpsUrl(text)
      if (url === undefined) throw new FetchError('url_refused', text, `the URL ${problem}`)
      const to = await this.#reach(url, signal)
      const response = await send(url, { ...sent, to, secureContext: this.#secureContext, signal })
      const { statusCode: status = 0, headers } = response
      return { status, type: headers['content-type'], body: await this.#readBody(response, url.href, signal) }
    })
  }

  async #within<Result>(url: string, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const deadline = new AbortController()
    const { time } = this.#limits
    const timer = setTimeout(() => {
      deadline.abort(new FetchError('timeout', url, `the document did not arrive within ${time / 1000} s`))
    }, time)
    timer.unref()
    try {
      return await work(deadline.signal)
    } finally {
      clearTimeout(timer)
    }
  }

  async #follow(first: string, signal: AbortSignal): Promise<{ response: IncomingMessage; finalUrl: string }> {
    const start = readHttpsUrl(first)
    if (start.url === undefined) throw new FetchError('url_refused', first, `the URL ${start.problem}`)
    let { url } = start
    for (let followed = 0; ; followed += 1) {
      const to = await this.#reach(url, signal)
      const response = await send(url, { ...GET, to, secureContext: this.#secureContext, signal })
      const { statusCode: status = 0 } = response
      if (status === 200) return { response, finalUrl: url.href }
      response.destroy()
      if (![301, 302, 303, 307, 308].includes(status)) {
        throw new FetchError('status', url.href, `the answer has status ${status}, not 200`)
      }
      if (followed === this.#limits.redirects) {
        throw new FetchError('redirect', first, `there are more than ${followed} redirects`)
      }
      url = redirectTarget(url, response)
    }
  }

  /**
   * The addresses to connect to, or a connection through the proxy. The proxy must itself refuse private networks, since only it
   * can resolve the name. Addresses and `localhost` in the URL are checked as without a proxy.
   */
  async #reach(url: URL, signal: AbortSignal): Promise<readonly HostAddress[] | Socket> {
    if (this.#proxy?.isFor(url) !== true) return unlessAborted(resolveHost(url, this.addresses, this.#lookup), signal)
    const problem = refuseUrl(url.href, this.addresses)
    if (problem !== undefined) throw new FetchError('address_refused', url.href, `the URL ${problem}`)
    return this.#proxy.connect(url, this.#secureContext, signal)
  }

  async #readBody(response: IncomingMessage, url: string, signal: AbortSignal): Promise<Buffer> {
    const { size } = this.#limits
    const { 'content-encoding': encoding = 'identity', 'content-length': length = '0' } = response.headers
    try {
      if (encoding.toLowerCase() !== 'identity') {
        throw new FetchError(
          'compressed',
          url,
          `the answer has Content-Encoding ${encoding}, though none was asked for`,
        )
      }
      const tooLarge = () => new FetchError('too_large', url, `the document is over ${size} bytes`)
      if (Number(length) > size) throw tooLarge()
      const body: AsyncIterable<Buffer> = response
      const chunks: Buffer[] = []
      let received = 0
      for await (const chunk of body) {
        received += chunk.length
        if (received > size) throw tooLarge()
        if (chunks.push(chunk) > MOST_PIECES) {
          throw new FetchError('too_large', url, `the document comes in over ${MOST_PIECES} pieces`)
        }
      }
      return Buffer.concat(chunks)
    } catch (error) {
      if (signal.aborted) throw signal.reason
      if (error instanceof FetchError) throw error
      throw new FetchError('protocol', url, 'the connection broke before the end', error)
    } finally {
      response.destroy()
    }
  }
}

/** The target of a redirect, checked like the first URL. @throws FetchError `redirect` */
function redirectTarget(from: URL, { headers: { location = '' } }: IncomingMessage): URL {
  const target = location === '' ? undefined : URL.parse(location, from.href)
  if (!target) throw new FetchError('redirect', from.href, 'a redirect leads nowhere')
  // RFC 9110 §10.2.2: a fragment in Location selects a part of the document, which is of no use here.
  target.hash = ''
  const { url, problem } = readHttpsUrl(target.href)
  if (url === undefined) throw new FetchError('redirect', from.href, `the URL that it redirects to ${problem}`)
  return url
}

function readJson(body: Buffer, url: string): unknown {
  if (!isUtf8(body)) throw new FetchError('not_json', url, 'the document is not in UTF-8')
  try {
    // RFC 8259 §8.1: a byte order mark may be ignored.
    return parseJson(body.toString('utf8').replace(/^\ufeff/, ''))
  } catch (cause) {
    if (!(cause instanceof JsonError)) throw cause
    throw new FetchError('not_json', url, `the document ${cause.message}`, cause)
  }
}

/** The result of work that can't be stopped. It rejects with the signal's reason as soon as the signal is aborted. */
function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    work.then(resolve, reject)
  })
}
