import type { Author } from '../../administrators/event.ts'
import { AdministratorRefusal } from '../../administrators/refusal.ts'
import type { SignInRequest } from '../../administrators/sessions/begin.ts'
import { csrfTokenOf, isCsrfToken, requireSession, type SignedIn } from '../../administrators/sessions/signed-in.ts'
import type { HttpRequest } from '../../http/message.ts'
import { isLoopback } from '../../platform/loopback.ts'
import type { PeopleContext } from './context.ts'
import { readSessionCookie } from './cookies.ts'

/** The person who sends a request, and the token that a form of that person must bring back. */
export interface Sender extends SignedIn {
  /** Undefined for the session of a command line, which no browser sends by itself. */
  readonly csrf: string | undefined
}

type Headers = HttpRequest['headers']

const BEARER = /^Bearer ([\w.~+/=-]+)$/i

/** Whether a request carries a session, be it one of ours or not. An access token is none. */
export const hasSession = ({ authorization, cookie }: Headers): boolean =>
  authorization === undefined ? readSessionCookie(cookie) !== undefined : /^Bearer tsl_/i.test(authorization)

/**
 * The person whose session a request carries: a cookie, or a bearer token of a command line. It does not check the CSRF token.
 * @throws AdministratorRefusal `not_signed_in`
 */
export async function senderOf({ people }: PeopleContext, headers: Headers): Promise<Sender> {
  const [, bearer] = BEARER.exec(headers.authorization ?? '') ?? []
  if (bearer !== undefined) return { ...(await requireSession(people, 'cli', bearer)), csrf: undefined }
  const cookie = readSessionCookie(headers.cookie)
  if (cookie === undefined) throw new AdministratorRefusal('not_signed_in')
  return { ...(await requireSession(people, 'browser', cookie)), csrf: csrfTokenOf(cookie) }
}

/**
 * The person who asks for a change. A browser must prove that a page of this server asks.
 * @param csrf the token of the form, or of the header `X-CSRF-Token`
 * @throws AdministratorRefusal `not_signed_in`, `cross_site` or `csrf`
 */
export async function changingSenderOf(
  context: PeopleContext,
  headers: Headers,
  csrf: string | undefined,
): Promise<Sender> {
  const sender = await senderOf(context, headers)
  if (sender.csrf === undefined) return sender
  refuseOtherSites(context, headers)
  if (!isCsrfToken(readSessionCookie(headers.cookie) ?? '', csrf)) throw new AdministratorRefusal('csrf')
  return sender
}

/**
 * Refuses a change that a page of another site asks for. Browsers send `Sec-Fetch-Site` over TLS and to localhost, and `Origin` with
 * every POST. The host must be ours, so that no name of another site leads here (DNS rebinding).
 * @throws AdministratorRefusal `cross_site`
 */
export function refuseOtherSites({ url }: Pick<PeopleContext, 'url'>, headers: Headers): void {
  const site = headers['sec-fetch-site']
  const isOurs = site === undefined ? isOwnOrigin(url, headers) : site === 'same-origin' || site === 'none'
  if (!isOurs || !isOwnHost(url, headers.host)) throw new AdministratorRefusal('cross_site')
}

const isOwnOrigin = (url: string, { origin, host }: Headers): boolean =>
  origin !== undefined && (origin === url || URL.parse(origin)?.host === host)

const isOwnHost = (url: string, host: string | undefined): boolean =>
  host === new URL(url).host || isLoopback(hostOf(host))

/** A host without port and brackets. */
const hostOf = (host: string | undefined): string =>
  URL.parse(`https://${host ?? ''}`)?.hostname.replace(/^\[|\]$/g, '') ?? ''

/** The author of a change that this person asks for by a request. */
export const authorOf = (
  { actor }: Pick<SignedIn, 'actor'>,
  { requestId, remoteAddress, traceId }: Pick<HttpRequest, 'requestId' | 'remoteAddress' | 'traceId'>,
): Author => ({ actor, request: { requestId, remoteAddress, traceId } })

/** The facts of a request for a session. */
export const signInRequest = (request: HttpRequest): SignInRequest => {
  const { requestId, remoteAddress, traceId, userAgent } = request
  return { requestId, remoteAddress, traceId, userAgent }
}
