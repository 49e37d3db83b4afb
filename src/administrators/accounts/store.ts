import type { AuditEvent } from '../../audit/event.ts'
import type { Listed, Unreadable } from '../../platform/unreadable.ts'
import type { Account } from './account.ts'

/** A link that lets somebody without a session do one thing, once. */
export interface Link {
  /** The stored form of its token. */
  readonly hash: string
  /** `set_up` makes the first account. `reset` sets the password of an account. */
  readonly purpose: 'set_up' | 'reset'
  /** The name of the account of `reset`. */
  readonly account: string | undefined
  /** Milliseconds. */
  readonly expiresAt: number
}

/** The sessions that end with a change of an account, and with them the command lines that it has confirmed. */
export type EndedSessions = 'all' | { readonly except: string | undefined }

/** The outcome of a plan for an account. */
export interface AccountStep {
  /** The account afterwards; undefined if it is removed or does not exist. The same object means no change. */
  readonly account: Account | undefined
  readonly event?: AuditEvent | undefined
  readonly ends?: EndedSessions | undefined
  /** A link to store in place of every other with the same purpose and account. */
  readonly link?: Link | undefined
}

/** The situation in which an account is changed. */
export interface Surroundings {
  /** The number of other enabled admins with a password. */
  readonly otherAdmins: number
  /** The groups that name the account as a member. */
  readonly groups: readonly string[]
}

/** The accounts of one tenant, and the links. A call rejects if the database fails, and has then changed nothing. */
export interface AccountStore {
  findAccount(name: string): Promise<Account | Unreadable | undefined>
  /** Lists accounts by name, from the one after `after` on. */
  listAccounts(after: string, limit: number): Promise<Listed<Account>>
  hasAccounts(): Promise<boolean>
  /**
   * Runs a plan on an account as it is in the transaction, and writes its outcome. No other plan runs meanwhile. If the plan throws,
   * nothing is written. A new account removes every set-up link. If sessions of the account end, so do its links. A removed account leaves
   * its groups, so that a later one of the same name is no member.
   * @param spent the link that this uses up; `plan` does not run if the link is not there or has expired
   * @throws MasterKeyMismatch if the plan stores a secret under a master key that is not in use
   * @returns undefined if there is no such link
   */
  updateAccount<Step extends AccountStep>(
    name: string,
    plan: (before: Account | Unreadable | undefined, surroundings: Surroundings) => Step,
    spent?: { readonly hash: string; readonly now: number },
  ): Promise<Step | undefined>
  /** Stores a link in place of every other with the same purpose and account. */
  putLink(link: Link, event: AuditEvent): Promise<void>
  /** The link, if it is there and has not expired. */
  findLink(hash: string, now: number): Promise<Link | undefined>
  /** Whether a link that has not expired is there for this purpose. */
  hasLink(purpose: Link['purpose'], now: number): Promise<boolean>
}
