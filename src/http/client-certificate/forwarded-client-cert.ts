import { createHash } from 'node:crypto'

/** Envoy's description of the certificate of its client. */
interface ForwardedClientCert {
  /** Percent-encoded PEM. */
  readonly cert: string | undefined
  readonly chain: string | undefined
  /** Whether `Hash` is absent or is the hash of this certificate. */
  isHashOf(der: Buffer): boolean
}

const KEY = /[A-Za-z]+=/y
const QUOTED = /"([^"\\]*(?:\\.[^"\\]*)*)"/y
const UNQUOTED = /[^",;]*/y
/** The most pairs. Envoy writes one for each name of the certificate, and five others. */
const MOST_PAIRS = 1_000
/** The keys that identify the certificate. Each may occur only once. */
const SINGLE = new Set(['hash', 'cert', 'chain'])

/**
 * Parses `X-Forwarded-Client-Cert`
 * (https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-forwarded-client-cert).
 *
 * If there are several elements, none of them is safe. If the proxy appends, the client wrote the first one. With two proxies, the
 * last one is about a proxy's certificate. Envoy also writes the client's URI names without quotes, so a comma in a name begins an
 * element that the client made up. For the same reason `Hash`, which Envoy writes before those names, must fit the certificate.
 * @returns the only element; or, as text, the problem
 */
export function parseForwardedClientCert(value: string): ForwardedClientCert | string {
  const pairs = new Map<string, string>()
  let at = 0
  const take = (expression: RegExp): RegExpExecArray | undefined => {
    expression.lastIndex = at
    const found = expression.exec(value) ?? undefined
    at += found?.[0].length ?? 0
    return found
  }
  for (let count = 1; ; count += 1) {
    if (count > MOST_PAIRS) return `over ${MOST_PAIRS} pairs of key and value`
    const key = take(KEY)?.[0].slice(0, -1).toLowerCase()
    if (key === undefined) return 'not pairs of key and value'
    const text = take(QUOTED)?.[1]?.replaceAll(/\\(.)/g, '$1') ?? take(UNQUOTED)?.[0] ?? ''
    if (SINGLE.has(key) && pairs.has(key)) return `${key} is there twice`
    pairs.set(key, text)
    if (at === value.length) break
    const separator = value[at]
    at += 1
    if (separator === ',') return 'several elements: the proxy must replace the header (SANITIZE_SET), not append to it'
    if (separator !== ';') return 'not pairs of key and value'
  }
  const hash = pairs.get('hash')?.toLowerCase()
  return {
    cert: pairs.get('cert'),
    chain: pairs.get('chain'),
    isHashOf: (der) => hash === undefined || hash === createHash('sha256').update(der).digest('hex'),
  }
}
