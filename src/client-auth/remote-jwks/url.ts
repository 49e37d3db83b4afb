import { isIP } from 'node:net'
import type { AddressRules } from './addresses.ts'

const LONGEST_URL = 2_000
/** Visible ASCII. The URL parser drops or rewrites other characters, so a person would read another URL than the parser. */
const VISIBLE = /^[\x21-\x7e]+$/

/** A valid URL, or the problem with it in words that follow its name. */
type ReadUrl = { readonly url: URL; readonly problem?: never } | { readonly url?: never; readonly problem: string }

/** Reads an absolute https URL. It does not check the addresses of the host. */
export function readHttpsUrl(text: string): ReadUrl {
  if (text.length > LONGEST_URL) return { problem: `must be at most ${LONGEST_URL} characters long` }
  if (!VISIBLE.test(text) || !URL.canParse(text)) return { problem: 'must be an absolute URL' }
  const url = new URL(text)
  if (url.protocol !== 'https:') return { problem: 'must begin with https://' }
  if (url.username !== '' || url.password !== '') return { problem: 'must not hold a user name or password' }
  if (text.includes('#')) return { problem: 'must not have a fragment' }
  return { url }
}

/** The host of a URL in the form for the DNS: without the brackets of IPv6 and without a final dot. */
export const hostOf = (url: URL): string => url.hostname.replace(/[[\]]|\.$/g, '')

const isLocalhost = (host: string): boolean => host === 'localhost' || host.endsWith('.localhost')

/**
 * The problem with a URL of keys, in words that follow its name; undefined if it may be registered. A name is not resolved here,
 * since its addresses are checked at each connection.
 */
export function refuseUrl(text: string, rules: AddressRules): string | undefined {
  const { url, problem } = readHttpsUrl(text)
  if (url === undefined) return problem
  const host = hostOf(url)
  // RFC 6761 §6.3: these names are loopback, whatever the DNS answers.
  const addresses = isLocalhost(host) ? ['127.0.0.1', '::1'] : isIP(host) === 0 ? [] : [host]
  const refused = addresses.map((address) => rules.refuse(address))
  const [reason] = refused
  return reason === undefined || refused.includes(undefined)
    ? undefined
    : `must not lead to ${host} (${reason}), which the configuration does not allow: see outbound.allow`
}
