import { confirmRequest, findRequest } from '../../administrators/sessions/device.ts'
import type { Origin } from '../../administrators/sessions/session.ts'
import type { Endpoint, HttpResponse } from '../../http/message.ts'
import { authorOf, type Sender } from '../sessions/authenticate.ts'
import type { PeopleContext } from '../sessions/context.ts'
import { html } from './html.ts'
import { field, hidden, page, problemNote } from './page.ts'
import { forSender, orProblem, type Problem, problemPage, senderAndForm } from './steps.ts'

function codePage({ csrf }: Sender, userCode: string | undefined, problem?: Problem): HttpResponse {
  const body = html`<p class="quiet">Your command line shows a code. Enter it here to sign the command line in.</p>
${problemNote(problem?.text)}
<form method="post" action="/device">${hidden('csrf', csrf)}
${field({ name: 'user_code', label: 'Code', hint: 'Eight letters, such as BCDF-GHJK.', autocomplete: 'off', value: userCode, isCode: true })}
<button>Go on</button></form>`
  return page({ title: 'Sign in a command line', body, ...(problem && { status: problem.status }) })
}

/** Shows where the request comes from, since somebody else may have sent the code (RFC 8628 §5.4). */
function confirmationPage(
  { csrf, name }: Sender,
  userCode: string,
  { remoteAddress, userAgent }: Origin,
): HttpResponse {
  const body = html`<p>A command line asks to act as <strong>${name}</strong>, with all of your rights. Confirm this only if you have just run
<code>tessera login</code> yourself.</p>
<dl><dt>From</dt><dd>${remoteAddress}</dd><dt>Program</dt><dd>${userAgent ?? 'unknown'}</dd></dl>
<form method="post" action="/device/confirm">${hidden('csrf', csrf)}${hidden('user_code', userCode)}
<button>Sign it in</button></form>
<a class="button second" href="/account">It was not me</a>`
  return page({ title: 'Is this you?', body })
}

export const showDevice =
  (context: PeopleContext): Endpoint =>
  (request) =>
    forSender(context, request, '/device', (sender) =>
      codePage(sender, new URLSearchParams(request.query).get('user_code')?.slice(0, 32)),
    )

/** @param isConfirmed whether the person has seen where the request comes from, and has confirmed it */
export const takeDevice =
  (context: PeopleContext, isConfirmed: boolean): Endpoint =>
  (request) =>
    orProblem(async () => {
      const { sender, form } = await senderAndForm(context, request)
      const userCode = form.get('user_code') ?? ''
      return orProblem(
        async () => {
          if (!isConfirmed)
            return confirmationPage(sender, userCode, await findRequest(context.people, sender, userCode))
          await confirmRequest(context.people, sender, authorOf(sender, request), userCode)
          return page({
            title: 'The command line is signed in',
            body: html`<p>You can close this page, and go on there.</p>`,
          })
        },
        (problem) => codePage(sender, userCode, problem),
      )
    }, problemPage)
