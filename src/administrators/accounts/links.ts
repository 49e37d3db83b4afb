import { type Author, eventOf } from '../event.ts'
import { hashToken, LONGEST_TOKEN, newToken } from '../token.ts'
import type { Account } from './account.ts'
import { requireAccount } from './change.ts'
import type { AccountContext } from './context.ts'
import type { AccountStep, Link, Surroundings } from './store.ts'

/** A link is sent to a person, who may not read it at once. Milliseconds. */
const LIFETIME_MS = 24 * 3_600_000

type LinkContext = Omit<AccountContext, 'passwords'>

/** Makes a link for the first account. An earlier one ends. @returns its token, which nothing else keeps */
export async function makeSetUpLink(context: LinkContext, author: Author): Promise<string> {
  const { token, link, event } = newLink(context, author, { purpose: 'set_up', account: undefined })
  await context.accounts.putLink(link, event)
  return token
}

/**
 * Makes a link to set the password of an account. An earlier one ends.
 * @param check called in the transaction; if it throws, there is no link
 * @throws AdministratorRefusal `no_account` or `account_unreadable`
 */
export async function makeResetLink(
  context: LinkContext,
  author: Author,
  name: string,
  check: (account: Account, surroundings: Surroundings) => void = () => {},
): Promise<string> {
  const { token, link, event } = newLink(context, author, { purpose: 'reset', account: name })
  await context.accounts.updateAccount(name, (found, surroundings): AccountStep => {
    const account = requireAccount(found)
    check(account, surroundings)
    return { account, link, event }
  })
  return token
}

function newLink(context: LinkContext, author: Author, { purpose, account }: Pick<Link, 'purpose' | 'account'>) {
  const token = newToken('', context.random)
  const expiresAt = context.clock.now() + LIFETIME_MS
  const detail = { purpose, ...(account !== undefined && { account }), expires_at: new Date(expiresAt).toISOString() }
  const event = eventOf(context, author, { type: 'account.link', detail })
  const link: Link = { hash: hashToken(token), purpose, account, expiresAt }
  return { token, link, event }
}

/** The link of a token; undefined if it was used, or has expired, or never was. */
export const findLink = async ({ accounts, clock }: LinkContext, token: string): Promise<Link | undefined> =>
  token.length > LONGEST_TOKEN ? undefined : accounts.findLink(hashToken(token), clock.now())
