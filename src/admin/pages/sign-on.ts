import { AdministratorRefusal } from '../../administrators/refusal.ts'
import { beginSignOn, completeSignOn, SIGN_ON_MS } from '../../administrators/sign-on/sign-on.ts'
import type { Endpoint } from '../../http/message.ts'
import { signInRequest } from '../sessions/authenticate.ts'
import type { PeopleContext } from '../sessions/context.ts'
import { readStateCookie, sessionCookie, stateCookie } from '../sessions/cookies.ts'
import { html } from './html.ts'
import { page, seeOther } from './page.ts'
import { orProblem, problemPage } from './steps.ts'

/** Sends the browser to the OpenID provider. */
export const beginSignOnPage =
  ({ signOn }: PeopleContext): Endpoint =>
  (request) =>
    orProblem(async () => {
      if (signOn === undefined) throw new AdministratorRefusal('no_sign_on')
      const { url, state } = await beginSignOn(signOn, signInRequest(request))
      return seeOther(url, stateCookie(state, SIGN_ON_MS / 1000))
    }, problemPage)

/** Takes the browser that the provider sends back. */
export const completeSignOnPage =
  ({ signOn }: PeopleContext): Endpoint =>
  (request) =>
    orProblem(async () => {
      if (signOn === undefined) throw new AdministratorRefusal('no_sign_on')
      const given = { query: request.query, state: readStateCookie(request.headers.cookie) }
      const { token } = await completeSignOn(signOn, signInRequest(request), given)
      // A redirect would still count as coming from the provider's site, and the browser would not send a strict cookie.
      return page({
        title: 'Signed in',
        body: html`<p><a class="button" href="/">Go on</a></p>`,
        cookie: sessionCookie(token),
        refresh: '/',
      })
    }, problemPage)
