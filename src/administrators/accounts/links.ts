import { type Author, eventOf } from '../event.ts'
import { hashToken, LONGEST_TOKEN, newToken } from '../token.ts'
import { requireAccount } from './change.ts'
import type { AccountContext } from './context.ts'
import type { Link } from './store.ts'

/** A link is sent to a person, who may not read it at once. Milliseconds. */
const LIFETIME_MS = 24 * 3_600_000

type LinkContext = Omit<AccountContext, 'passwords'>

/** Makes a link for the first account. An earlier one ends. @returns its token, which nothing else keeps */
export const makeSetUpLink = (context: LinkContext, author: Author): Promise<string> =>
  putLink(context, author, { purpose: 'set_up', account: undefined })

/** Makes a link to set the password of an account. An earlier one ends. @throws AdministratorRefusal `no_account` or `account_unreadable` */
export async function makeResetLink(context: LinkContext, author: Author, name: string): Promise<string> {
  requireAccount(await context.accounts.findAccount(name))
  return putLink(context, author, { purpose: 'reset', account: name })
}

async function putLink(
  context: LinkContext,
  author: Author,
  { purpose, account }: Pick<Link, 'purpose' | 'account'>,
): Promise<string> {
  const token = newToken('', context.random)
  const expiresAt = context.clock.now() + LIFETIME_MS
  const detail = { purpose, ...(account !== undefined && { account }), expires_at: new Date(expiresAt).toISOString() }
  const event = eventOf(context, author, { type: 'account.link', detail })
  await context.accounts.putLink({ hash: hashToken(token), purpose, account, expiresAt }, event)
  return token
}

/** The link of a token; undefined if it was used, or has expired, or never was. */
export const findLink = async ({ accounts, clock }: LinkContext, token: string): Promise<Link | undefined> =>
  token.length > LONGEST_TOKEN ? undefined : accounts.findLink(hashToken(token), clock.now())
