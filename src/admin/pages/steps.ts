import { AdministratorRefusal } from '../../administrators/refusal.ts'
import { TooManyGuesses } from '../../client-auth/throttle/too-many-guesses.ts'
import { type Form, parseForm } from '../../http/form.ts'
import type { HttpRequest, HttpResponse } from '../../http/message.ts'
import { DomainError } from '../../platform/domain-error.ts'
import { changingSenderOf, refuseOtherSites, type Sender, senderOf } from '../sessions/authenticate.ts'
import type { PeopleContext } from '../sessions/context.ts'
import { statusOf } from '../sessions/status.ts'
import { html } from './html.ts'
import { page, seeOther, sentence } from './page.ts'

/** A problem that a page shows beside its form. */
export interface Problem {
  readonly text: string
  readonly status: number
}

/** The problem that an error stands for. Anything else is thrown again. */
export function problemOf(error: unknown): Problem {
  if (error instanceof AdministratorRefusal) return { text: sentence(error.message), status: statusOf(error) }
  if (error instanceof DomainError && error.retryAfter !== undefined) {
    const seconds = error.retryAfter === 1 ? 'a second' : `${error.retryAfter} seconds`
    const why = error instanceof TooManyGuesses ? 'Too many attempts have failed' : 'Too many people sign in at once'
    return { text: `${why}. Try again in ${seconds}.`, status: 429 }
  }
  throw error
}

/** Answers with `work`, or with the same page and the problem. */
export async function orProblem(
  work: () => Promise<HttpResponse>,
  again: (problem: Problem) => HttpResponse | Promise<HttpResponse>,
): Promise<HttpResponse> {
  try {
    return await work()
  } catch (error) {
    return again(problemOf(error))
  }
}

/** A page that says only what is wrong. */
export const problemPage = ({ text, status }: Problem): HttpResponse =>
  page({
    title: 'That did not work',
    status,
    body: html`<p>${text}</p><a class="button second" href="/sign-in">Sign in</a>`,
  })

/** The form of a page of ours, for somebody without a session. @throws AdministratorRefusal `cross_site`; Refusal */
export function ownForm(context: PeopleContext, { headers, body }: HttpRequest): Form {
  refuseOtherSites(context, headers)
  return parseForm(headers, body)
}

/** The form of a page of ours, and the person who sends it. @throws as `changingSenderOf`; Refusal */
export async function senderAndForm(
  context: PeopleContext,
  { headers, body }: HttpRequest,
): Promise<{ readonly sender: Sender; readonly form: Form }> {
  const form = parseForm(headers, body)
  return { sender: await changingSenderOf(context, headers, form.get('csrf')), form }
}

/** Shows a page to the person with a session, or sends the browser to the sign-in and back. */
export async function forSender(
  context: PeopleContext,
  request: HttpRequest,
  path: string,
  show: (sender: Sender) => HttpResponse | Promise<HttpResponse>,
): Promise<HttpResponse> {
  let sender: Sender
  try {
    sender = await senderOf(context, request.headers)
  } catch (error) {
    if (!(error instanceof AdministratorRefusal)) throw error
    const back = request.query === '' ? path : `${path}?${request.query}`
    return seeOther(`/sign-in?next=${encodeURIComponent(back)}`)
  }
  return show(sender)
}

/** The most characters of a path to go on to. Filters of the console stand in it. */
const LONGEST_NEXT = 2_048

/** A path of this server to go on to, in the characters of a path and a query (RFC 3986 §3.3). Others would lead to another site. */
export function localPath(given: string | undefined): string | undefined {
  if (given === undefined || !/^\/(?!\/)[\w\-.~!$&'()*+,;=:@/?%]*$/.test(given) || given.length > LONGEST_NEXT)
    return undefined
  return given
}
