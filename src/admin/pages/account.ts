import {
  confirmSecondFactor,
  enrolSecondFactor,
  removeSecondFactor,
  renewRecoveryCodes,
} from '../../administrators/accounts/second-factor.ts'
import { setPassword } from '../../administrators/accounts/set-password.ts'
import type { Author } from '../../administrators/event.ts'
import { AdministratorRefusal } from '../../administrators/refusal.ts'
import { guardCode, unchangedSince, verifyPassword } from '../../administrators/sessions/sign-in.ts'
import { listSessions } from '../../administrators/sessions/signed-in.ts'
import type { Form } from '../../http/form.ts'
import type { Endpoint, HttpRequest, HttpResponse } from '../../http/message.ts'
import { authorOf, type Sender } from '../sessions/authenticate.ts'
import type { PeopleContext } from '../sessions/context.ts'
import { html, type Markup } from './html.ts'
import { field, hidden, page, problemNote, seeOther } from './page.ts'
import { forSender, orProblem, type Problem, problemPage, senderAndForm } from './steps.ts'

const button = (action: string, csrf: string | undefined, text: string): Markup =>
  html`<form class="row" method="post" action="${action}">${hidden('csrf', csrf)}<button class="second">${text}</button></form>`

const passwordField = field({
  name: 'password',
  label: 'Password',
  type: 'password',
  autocomplete: 'current-password',
})

/** The person's own account and sessions. */
async function accountPage(context: PeopleContext, sender: Sender, problem?: Problem): Promise<HttpResponse> {
  const { csrf, name, displayName, roles, account } = sender
  const sessions = await listSessions(context.people, sender)
  const since = new Date(sender.session.createdAt).toISOString().slice(0, 16).replace('T', ' ')
  const body = html`${problemNote(problem?.text)}
<dl>
<dt>Name</dt><dd>${displayName ?? name}${displayName !== undefined && ` (${name})`}</dd>
<dt>Roles</dt><dd>${roles.join(', ')}</dd>
<dt>Signed in</dt><dd>${since} UTC</dd>
<dt>Sessions</dt><dd>${sessions.length}</dd>
</dl>
${button('/sign-out', csrf, 'Sign out')}
${button('/sign-out/everywhere', csrf, 'Sign out everywhere')}
${account !== undefined && (await ownAccount(context, account, csrf))}`
  return page({ title: 'Your account', body, ...(problem && { status: problem.status }) })
}

async function ownAccount({ people }: PeopleContext, name: string, csrf: string | undefined): Promise<Markup> {
  const found = await people.accounts.findAccount(name)
  const secondFactor = found === undefined || 'problem' in found ? undefined : found.secondFactor
  return html`<h2>Password</h2>
<form method="post" action="/account/password">${hidden('csrf', csrf)}
${field({ name: 'password', label: 'Present password', type: 'password', autocomplete: 'current-password' })}
${field({ name: 'new_password', label: 'New password', hint: 'Your other sessions end.', type: 'password', autocomplete: 'new-password' })}
<button class="second">Change the password</button></form>
<h2>Second factor</h2>
${secondFactor?.isConfirmed === true ? existing(secondFactor.recoveryHashes.length, csrf) : missing(csrf)}`
}

const missing = (csrf: string | undefined): Markup =>
  html`<p class="quiet">Codes of an authenticator app protect the account even if somebody learns the password.</p>
<form method="post" action="/account/second-factor">${hidden('csrf', csrf)}${passwordField}
<button class="second">Set up an authenticator app</button></form>`

const existing = (codes: number, csrf: string | undefined): Markup =>
  html`<p class="quiet">An authenticator app is set up. ${codes} recovery codes are left.</p>
<form method="post" action="/account/recovery-codes">${hidden('csrf', csrf)}${passwordField}
<button class="second">Make new recovery codes</button>
<button class="second" formaction="/account/second-factor/remove">Remove the second factor</button></form>`

const codesPage = (codes: readonly string[]): HttpResponse =>
  page({
    title: 'Recovery codes',
    body: html`<p>Each of these codes signs you in once, if you lose the app. They are shown only now: keep them safe.</p>
<ul class="codes">${codes.map((code) => html`<li>${code}</li>`)}</ul>
<a class="button" href="/account">I have kept them</a>`,
  })

export const showAccount =
  (context: PeopleContext): Endpoint =>
  (request) =>
    forSender(context, request, '/account', (sender) => accountPage(context, sender))

interface Change {
  readonly sender: Sender
  readonly form: Form
  readonly author: Author
  /** The name of the account. */
  readonly name: string
  /** Refuses, in the transaction of the change, if the account has another password by then. */
  readonly check: ReturnType<typeof unchangedSince>
}

/** A change of the own account, which takes the password again, in case the session was left open. */
const changing =
  (context: PeopleContext, change: (change: Change) => Promise<HttpResponse>): Endpoint =>
  (request) =>
    orProblem(async () => {
      const { sender, form } = await senderAndForm(context, request)
      const { account: name } = sender
      if (name === undefined) throw new AdministratorRefusal('no_account')
      return orProblem(
        async () => {
          const verified = await verifyPassword(context.people, request, name, form.get('password') ?? '')
          return change({ sender, form, author: authorOf(sender, request), name, check: unchangedSince(verified) })
        },
        (problem) => accountPage(context, sender, problem),
      )
    }, problemPage)

export const takePassword = (context: PeopleContext): Endpoint =>
  changing(context, async ({ sender, form, author, name, check }) => {
    const password = form.get('new_password') ?? ''
    await setPassword(context.people, author, { name, password, exceptSession: sender.session.id }, check)
    return seeOther('/account')
  })

export const takeEnrolment = (context: PeopleContext): Endpoint =>
  changing(context, async ({ sender, author, name, check }) => {
    const enrolment = await enrolSecondFactor(context.people, author, { name, issuer: issuerOf(context) }, check)
    return confirmationPage(sender.csrf, enrolment)
  })

function confirmationPage(
  csrf: string | undefined,
  shown: { readonly secret: string; readonly uri: string } | undefined,
  problem?: Problem,
): HttpResponse {
  const secret =
    shown &&
    html`<p>Add this key to your authenticator app, for codes by time:</p>
<p><code>${shown.secret.replace(/(.{4})(?=.)/g, '$1 ')}</code></p>
<p><a href="${shown.uri}">Open it in an app on this device</a></p>`
  const body = html`${problemNote(problem?.text)}${secret}
<form method="post" action="/account/second-factor/confirm">${hidden('csrf', csrf)}
${field({ name: 'code', label: 'Code', hint: 'The six digits that the app shows now.', autocomplete: 'one-time-code', isCode: true })}
<button>Turn the second factor on</button></form>`
  return page({ title: 'Set up an authenticator app', body, ...(problem && { status: problem.status }) })
}

/** The name of this server in an app, without white space. */
const issuerOf = ({ url }: PeopleContext): string => `Tessera ${new URL(url).host}`

export const takeConfirmation =
  (context: PeopleContext): Endpoint =>
  (request: HttpRequest) =>
    orProblem(async () => {
      const { sender, form } = await senderAndForm(context, request)
      const { account: name } = sender
      if (name === undefined) throw new AdministratorRefusal('no_account')
      const code = form.get('code') ?? ''
      return orProblem(
        async () => {
          const author = authorOf(sender, request)
          const confirm = () => confirmSecondFactor(context.people, author, { name, code })
          return codesPage(await guardCode(context.people, name, code, confirm))
        },
        (problem) => confirmationPage(sender.csrf, undefined, problem),
      )
    }, problemPage)

export const takeRecoveryCodes = (context: PeopleContext): Endpoint =>
  changing(context, async ({ author, name, check }) =>
    codesPage(await renewRecoveryCodes(context.people, author, name, check)),
  )

export const takeRemoval = (context: PeopleContext): Endpoint =>
  changing(context, async ({ author, name, check }) => {
    await removeSecondFactor(context.people, author, name, check)
    return seeOther('/account')
  })
