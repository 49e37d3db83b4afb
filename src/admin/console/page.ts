import type { Endpoint, HttpRequest, HttpResponse } from '../../http/message.ts'
import { html } from '../pages/html.ts'
import { page, SAFE_HEADERS } from '../pages/page.ts'
import { forSender } from '../pages/steps.ts'
import type { PeopleContext } from '../sessions/context.ts'
import { readSessionCookie } from '../sessions/cookies.ts'
import type { Bundle } from './bundle.ts'

/** Bytes of a nonce. CSP Level 3 §7.1 asks for 128 bits at least. */
const NONCE_BYTES = 16

/**
 * Nothing is loaded from another place and nothing runs but the bundle. Styles that the bundle makes carry the nonce (CSP Level 3).
 */
const policy = (nonce: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "connect-src 'self'",
    "img-src 'self' data:",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ')

/** Shows the console to a person with a session; others sign in first. */
export const showConsole =
  (context: PeopleContext, bundle: Bundle): Endpoint =>
  (request) => {
    if (isLedFromElsewhere(request)) return sameAgain(request)
    return forSender(context, request, request.path, ({ csrf }) => {
      const nonce = context.people.random(NONCE_BYTES).toString('base64url')
      return {
        status: 200,
        headers: {
          ...SAFE_HEADERS,
          'Content-Security-Policy': policy(nonce),
          'Content-Type': 'text/html; charset=utf-8',
        },
        // Both values are base64url, so neither can end its attribute.
        body: bundle.page.replaceAll('%NONCE%', nonce).replaceAll('%CSRF%', csrf ?? ''),
      }
    })
  }

/** Whether a link of another site led here. Browsers then leave out the strict cookie of a session. */
const isLedFromElsewhere = ({ headers }: HttpRequest): boolean =>
  headers['sec-fetch-site'] === 'cross-site' && readSessionCookie(headers.cookie) === undefined

/** Makes the browser ask for the same page once more, from a page of this server, so that it sends the cookie. */
function sameAgain({ path, query }: HttpRequest): HttpResponse {
  const target = query === '' ? path : `${path}?${query}`
  return page({ title: 'Tessera', body: html`<p><a class="button" href="${target}">Go on</a></p>`, refresh: target })
}

/** Says how to build the console, where that was not done. */
export const showUnbuilt: Endpoint = () =>
  page({
    title: 'The console is not built',
    status: 503,
    body: html`<p><code>npm start</code> and <code>npm run console</code> build it. The admin API works without it.</p>`,
  })
