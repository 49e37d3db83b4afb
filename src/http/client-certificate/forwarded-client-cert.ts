import { createHash } from 'node:crypto'

/** What an Envoy says of the certificate of whoever connected to it. */
interface ForwardedClientCert {
  /** Percent-encoded PEM. */
  readonly cert: string | undefined
  readonly chain: string | undefined
  /** Whether this is the certificate that `Hash` is of. */
  isHashOf(der: Buffer): boolean
}

const KEY = /[A-Za-z]+=/y
const QUOTED = /"([^"\\]*(?:\\.[^"\\]*)*)"/y
const UNQUOTED = /[^",;]*/y
/** Envoy writes a pair for each name of the certificate, and five others. */
const MOST_PAIRS = 1_000
/** What decides which certificate it is. */
const SINGLE = new Set(['hash', 'cert', 'chain'])

/**
 * Parses `X-Forwarded-Client-Cert`
 * (https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-forwarded-client-cert).
 *
 * Of several elements none is safe to take. The first is whatever the client wrote where a proxy appends. The last is
 * another proxy's certificate where there are two proxies; and Envoy writes the client's URI names without quotes, so that
 * a comma in one of them begins an element of the client's own making. For the same reason `Hash`, which Envoy writes
 * before those names, must be that of the certificate.
 * @returns the one element; or, as text, what is wrong
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
