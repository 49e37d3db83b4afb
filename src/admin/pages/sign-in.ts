import { signIn, signInWithCode } from '../../administrators/sessions/sign-in.ts'
import { endSession, endSessions } from '../../administrators/sessions/signed-in.ts'
import type { Endpoint, HttpRequest, HttpResponse } from '../../http/message.ts'
import { authorOf, signInRequest } from '../sessions/authenticate.ts'
import type { PeopleContext } from '../sessions/context.ts'
import { endedSessionCookie, sessionCookie } from '../sessions/cookies.ts'
import { html } from './html.ts'
import { field, hidden, page, problemNote, seeOther } from './page.ts'
import { localPath, orProblem, ownForm, type Problem, problemOf, problemPage, senderAndForm } from './steps.ts'

const HOME = '/'

/** Asks for name and password, or offers single sign-on. */
function signInPage(
  { signOn }: PeopleContext,
  next: string | undefined,
  problem?: Problem,
  isNew = false,
): HttpResponse {
  const body = html`<p class="quiet">To administer this authorization server.</p>
${isNew && html`<p class="note">Nobody has an account yet. The link that the start printed on a terminal, or <code>tessera admin bootstrap --link</code> prints, makes the first.</p>`}
${problemNote(problem?.text)}
${signOn !== undefined && html`<a class="button" href="/sign-on">Sign in with your organisation</a>`}
<form method="post" action="/sign-in">
${hidden('next', next)}
${field({ name: 'name', label: 'Name', autocomplete: 'username' })}
${field({ name: 'password', label: 'Password', type: 'password', autocomplete: 'current-password' })}
<button${signOn !== undefined && html` class="second"`}>Sign in</button>
</form>`
  return page({ title: 'Sign in', body, ...(problem && { status: problem.status }) })
}

/** Asks for the second factor. The challenge is encrypted, and proves that the password was right. */
function codePage(challenge: string, next: string | undefined, problem?: Problem): HttpResponse {
  const hint = 'Six digits from your authenticator app, or one of your recovery codes.'
  const body = html`${problemNote(problem?.text)}
<form method="post" action="/sign-in/code">
${hidden('challenge', challenge)}${hidden('next', next)}
${field({ name: 'code', label: 'Code', hint, autocomplete: 'one-time-code', isCode: true })}
<button>Go on</button>
</form>
<p><a href="/sign-in">Begin again</a></p>`
  return page({ title: 'Second step', body, ...(problem && { status: problem.status }) })
}

const nextOf = ({ query }: HttpRequest): string | undefined =>
  localPath(new URLSearchParams(query).get('next') ?? undefined)

export function showSignIn(context: PeopleContext): Endpoint {
  // The last administrator can't be removed. So a stranger who asks for the page again and again reaches no database.
  let hadAccounts = false
  return async (request) => {
    hadAccounts ||= await canSignIn(context)
    return signInPage(context, nextOf(request), undefined, !hadAccounts)
  }
}

/** Whether anybody can sign in. A database that doesn't answer hides no page. */
const canSignIn = async ({ people, signOn }: PeopleContext): Promise<boolean> =>
  signOn !== undefined || (await people.accounts.hasAccounts().catch(() => true))

export const takeSignIn =
  (context: PeopleContext): Endpoint =>
  async (request) => {
    try {
      const form = ownForm(context, request)
      const next = localPath(form.get('next'))
      return await orProblem(
        async () => {
          const given = { name: form.get('name') ?? '', password: form.get('password') ?? '' }
          const begun = await signIn(context.people, signInRequest(request), given)
          return 'challenge' in begun
            ? codePage(begun.challenge, next)
            : seeOther(next ?? HOME, sessionCookie(begun.token))
        },
        (problem) => signInPage(context, next, problem),
      )
    } catch (error) {
      return problemPage(problemOf(error))
    }
  }

export const takeCode =
  (context: PeopleContext): Endpoint =>
  async (request) => {
    try {
      const form = ownForm(context, request)
      const next = localPath(form.get('next'))
      const challenge = form.get('challenge') ?? ''
      return await orProblem(
        async () => {
          const given = { challenge, code: form.get('code') ?? '' }
          const { token } = await signInWithCode(context.people, signInRequest(request), given)
          return seeOther(next ?? HOME, sessionCookie(token))
        },
        (problem) => codePage(challenge, next, problem),
      )
    } catch (error) {
      return problemPage(problemOf(error))
    }
  }

/** @param all whether every other session of the person ends, too */
export const takeSignOut =
  (context: PeopleContext, all: boolean): Endpoint =>
  (request) =>
    orProblem(async () => {
      const { sender } = await senderAndForm(context, request)
      const author = authorOf(sender, request)
      if (all) await endSessions(context.people, sender, author)
      else await endSession(context.people, sender, author, sender.session.id)
      return seeOther('/sign-in', endedSessionCookie)
    }, problemPage)
