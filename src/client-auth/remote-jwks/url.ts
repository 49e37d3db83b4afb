import { isIP } from 'node:net'
import type { AddressRules } from './addresses.ts'

const LONGEST_URL = 2_000
/** Visible ASCII: the URL parser would drop or rewrite what is not, and a person would read another URL than it does. */
const VISIBLE = /^[\x21-\x7e]+$/

/** A URL in the only form in which one is fetched, or what is wrong with it. */
type ReadUrl = { readonly url: URL; readonly problem?: never } | { readonly url?: never; readonly problem: string }

/** Reads an absolute https URL; where its host leads is another question. */
export function readHttpsUrl(text: string): ReadUrl {
  if (text.length > LONGEST_URL) return { problem: `must be at most ${LONGEST_URL} characters long` }
  if (!VISIBLE.test(text) || !URL.canParse(text)) return { problem: 'must be an absolute URL' }
  const url = new URL(text)
  if (url.protocol !== 'https:') return { problem: 'must begin with https://' }
  if (url.username !== '' || url.password !== '') return { problem: 'must not hold a user name or password' }
  if (text.includes('#')) return { problem: 'must not have a fragment' }
  return { url }
}

/** The host of a URL as one writes an address or asks the DNS: without the brackets of IPv6, or a final dot. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$|\.$/g, '')

const isLocalhost = (host: string): boolean => host === 'localhost' || host.endsWith('.localhost')

/**
 * What is wrong with a URL that keys are to be fetched from, in words that follow its name; undefined where it may be
 * registered. A name is not resolved: where it leads is checked each time it is connected to.
 */
export function refuseUrl(text: string, rules: AddressRules): string | undefined {
  const { url, problem } = readHttpsUrl(text)
  if (url === undefined) return problem
  const host = hostOf(url)
  // RFC 6761 §6.3: such names are loopback, whatever the DNS says of them.
  const addresses = isLocalhost(host) ? ['127.0.0.1', '::1'] : isIP(host) === 0 ? [] : [host]
  const refused = addresses.map((address) => rules.refuse(address))
  const [reason] = refused
  return reason === undefined || refused.includes(undefined)
    ? undefined
    : `must not lead to ${host} (${reason}), which the configuration does not allow: see outbound.allow`
}
