import { accountActor } from '../../administrators/accounts/account.ts'
import { addAccount } from '../../administrators/accounts/add.ts'
import { findLink } from '../../administrators/accounts/links.ts'
import { resetPassword } from '../../administrators/accounts/set-password.ts'
import type { Author } from '../../administrators/event.ts'
import { AdministratorRefusal } from '../../administrators/refusal.ts'
import { signIn } from '../../administrators/sessions/sign-in.ts'
import type { Endpoint, HttpRequest, HttpResponse } from '../../http/message.ts'
import { authorOf, signInRequest } from '../sessions/authenticate.ts'
import type { PeopleContext } from '../sessions/context.ts'
import { sessionCookie } from '../sessions/cookies.ts'
import { html, type Markup } from './html.ts'
import { field, page, problemNote, seeOther } from './page.ts'
import { orProblem, ownForm, type Problem, problemOf, problemPage } from './steps.ts'

const PASSWORD_HINT = 'At least 12 characters. A sentence is a good password.'

/** The script of the page fills this field from the link. */
const tokenField = (token: string | undefined): Markup =>
  field({
    name: 'token',
    label: 'Code of the link',
    hint: 'The part of the link after the # sign.',
    autocomplete: 'off',
    value: token,
    isCode: true,
  })

interface Shown {
  readonly problem?: Problem
  readonly token?: string | undefined
  readonly name?: string | undefined
  readonly displayName?: string | undefined
}

function setUpPage({ problem, token, name, displayName }: Shown): HttpResponse {
  const body = html`<p class="quiet">This makes the first administrator of this server, who may do everything.</p>
${problemNote(problem?.text)}
<form method="post" action="/setup">
${tokenField(token)}
${field({ name: 'name', label: 'Name', hint: 'You sign in with it: a to z, 0 to 9, and . _ @ -', autocomplete: 'username', value: name })}
${field({ name: 'display_name', label: 'Display name', hint: 'Optional: how others see you.', autocomplete: 'name', value: displayName, isOptional: true })}
${field({ name: 'password', label: 'Password', hint: PASSWORD_HINT, type: 'password', autocomplete: 'new-password' })}
<button>Create the administrator</button>
</form>`
  return page({ title: 'Set up Tessera', body, ...(problem && { status: problem.status }) })
}

function resetPage({ problem, token }: Shown): HttpResponse {
  const body = html`${problemNote(problem?.text)}
<form method="post" action="/reset">
${tokenField(token)}
${field({ name: 'password', label: 'New password', hint: PASSWORD_HINT, type: 'password', autocomplete: 'new-password' })}
<button>Set the password</button>
</form>`
  return page({ title: 'Set a new password', body, ...(problem && { status: problem.status }) })
}

export const showSetUp: Endpoint = () => setUpPage({})

export const showReset: Endpoint = () => resetPage({})

/** The link proves who this is, so that the author is the person that it is for. */
const authorNamed = (name: string, request: HttpRequest): Author => authorOf({ actor: accountActor(name) }, request)

export const takeSetUp =
  (context: PeopleContext): Endpoint =>
  async (request) => {
    try {
      const form = ownForm(context, request)
      const [token = '', given = '', displayName, password = ''] = [
        form.get('token'),
        form.get('name'),
        form.get('display_name'),
        form.get('password'),
      ]
      const name = given.trim().toLowerCase()
      return await orProblem(
        async () => {
          const link = await findLink(context.people, token.trim())
          if (link?.purpose !== 'set_up') throw new AdministratorRefusal('link_ended')
          const account = { name, displayName, roles: ['admin'], password }
          await addAccount(context.people, authorNamed(name, request), account, link.hash)
          return enter(context, request, name, password)
        },
        (problem) => setUpPage({ problem, token, name, displayName }),
      )
    } catch (error) {
      return problemPage(problemOf(error))
    }
  }

export const takeReset =
  (context: PeopleContext): Endpoint =>
  async (request) => {
    try {
      const form = ownForm(context, request)
      const [token = '', password = ''] = [form.get('token'), form.get('password')]
      return await orProblem(
        async () => {
          const given = { token: token.trim(), password }
          await resetPassword(context.people, (name) => authorNamed(name, request), given)
          return seeOther('/sign-in')
        },
        (problem) => resetPage({ problem, token }),
      )
    } catch (error) {
      return problemPage(problemOf(error))
    }
  }

async function enter(
  context: PeopleContext,
  request: HttpRequest,
  name: string,
  password: string,
): Promise<HttpResponse> {
  const begun = await signIn(context.people, signInRequest(request), { name, password })
  return 'challenge' in begun ? seeOther('/sign-in') : seeOther('/', sessionCookie(begun.token))
}
