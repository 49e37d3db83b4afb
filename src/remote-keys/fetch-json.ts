import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'
import type { AddressRules } from './addresses.ts'
import { FetchError } from './fetch-error.ts'
import type { OutboundProxy } from './proxy.ts'
import { sendGet } from './request.ts'
import { codeOf, type HostAddress, type Lookup, resolveHost, systemLookup } from './resolve.ts'
import { readHttpsUrl, refuseUrl } from './url.ts'

interface FetchLimits {
  /** Milliseconds for everything: resolving, redirects, the last byte. */
  readonly time: number
  /** Bytes of a document. */
  readonly size: number
  readonly redirects: number
}

const LIMITS: FetchLimits = { time: 5_000, size: 256 * 1024, redirects: 3 }

interface FetcherOptions {
  /** Where it may connect to. */
  readonly addresses: AddressRules
  /** PEM; certificates trusted beside the usual roots. */
  readonly ca?: readonly string[] | undefined
  readonly lookup?: Lookup | undefined
  /** The way to all hosts but those that are to be reached directly. */
  readonly proxy?: OutboundProxy | undefined
  readonly limits?: Partial<FetchLimits> | undefined
}

/** A document, and what its source says of how long it holds (RFC 9111). */
export interface FetchedJson {
  readonly json: unknown
  readonly headers: Pick<IncomingHttpHeaders, 'cache-control' | 'age' | 'date' | 'expires'>
  /** Where the redirects, if there were any, led to. */
  readonly finalUrl: string
}

/**
 * Fetches JSON from where others say that theirs is. Whoever chose the URL, or answers at it, reaches nothing by it but a
 * public host, and takes no more of this process than the limits allow.
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
    // Made once: reading a hundred roots for each request would cost more than the request.
    if (ca.length > 0) this.#secureContext = createSecureContext({ ca: [...getCACertificates('default'), ...ca] })
  }

  /** GETs a document; never one that is compressed. @throws FetchError */
  async get(url: string): Promise<FetchedJson> {
    const deadline = new AbortController()
    const { time } = this.#limits
    const timer = setTimeout(() => {
      deadline.abort(new FetchError('timeout', url, `the document did not arrive within ${time / 1000} s`))
    }, time)
    timer.unref()
    try {
      const { response, finalUrl } = await this.#follow(url, deadline.signal)
      const json = parseJson(await this.#readBody(response, finalUrl, deadline.signal), finalUrl)
      return { json, headers: response.headers, finalUrl }
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
      const response = await sendGet(url, { to, secureContext: this.#secureContext, signal })
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
   * The addresses to connect to, or a connection. What a proxy connects to is for the proxy to allow: it alone knows where a
   * name leads to there. A host that is an address, or this machine, is refused all the same.
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
        chunks.push(chunk)
      }
      return Buffer.concat(chunks)
    } catch (error) {
      if (signal.aborted) throw signal.reason
      if (error instanceof FetchError) throw error
      throw new FetchError('protocol', url, `the connection broke before the end: ${codeOf(error)}`, error)
    } finally {
      response.destroy()
    }
  }
}

/** Where a redirect leads: checked like the first URL. @throws FetchError `redirect` */
function redirectTarget(from: URL, { headers: { location = '' } }: IncomingMessage): URL {
  const target = location === '' ? undefined : URL.parse(location, from.href)
  if (!target) throw new FetchError('redirect', from.href, 'a redirect leads nowhere')
  // RFC 9110 §10.2.2: a fragment is for whoever shows the document.
  target.hash = ''
  const { url, problem } = readHttpsUrl(target.href)
  if (url === undefined) throw new FetchError('redirect', from.href, `the URL that it redirects to ${problem}`)
  return url
}

function parseJson(body: Buffer, url: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch (cause) {
    throw new FetchError('not_json', url, 'the document is not JSON in UTF-8', cause)
  }
}

/** What `work` comes to, or a rejection with the signal's reason as soon as it is aborted: work that can't be stopped. */
function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    work.then(resolve, reject)
  })
}
