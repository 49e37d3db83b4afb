import type { Actor } from '../../audit/actor.ts'
import type { Role } from '../role.ts'

/** Values of claims of single sign-on, by the name of the claim. */
export type Claims = Readonly<Record<string, readonly string[]>>

/** The person of a session. */
export type Person =
  | { readonly kind: 'account'; readonly accountId: string; readonly name: string }
  | {
      readonly kind: 'sign_on'
      /** The value of a claim. */
      readonly name: string
      readonly roles: readonly Role[]
      readonly claims: Claims
    }

/** `browser`: a cookie carries the token, and changes need a CSRF token. `cli`: a command sends it as a bearer token. */
export type SessionKind = 'browser' | 'cli'

/** The place from which somebody signed in, for people who look at their sessions. */
export interface Origin {
  readonly remoteAddress: string
  readonly userAgent: string | undefined
}

/** A stored session. Times are in milliseconds. */
export interface Session extends Origin {
  readonly id: string
  /** The stored form of its token. */
  readonly tokenHash: string
  readonly kind: SessionKind
  readonly person: Person
  readonly createdAt: number
  readonly lastSeenAt: number
  /** The session ends then, however much it is used. */
  readonly expiresAt: number
}

/** Marks the names of people from single sign-on, since a local account may have the same name. No account name has a colon. */
const SIGN_ON = 'sign-on:'

/** The name of a person as events and groups show it. */
export const nameOf = (person: Person): string => (person.kind === 'account' ? person.name : SIGN_ON + person.name)

/** The owner of sessions: an account by its id, since another may get its name, or a person from single sign-on. */
export const ownerOf = (person: Person): string =>
  person.kind === 'account' ? accountOwner(person.accountId) : SIGN_ON + person.name

export const accountOwner = (accountId: string): string => `account:${accountId}`

/** The person of a session as the author of changes. A browser is the console; a command line calls the API. */
export const actorOf = ({ kind, person }: Pick<Session, 'kind' | 'person'>): Actor => ({
  kind: 'administrator',
  name: nameOf(person),
  way: kind === 'browser' ? 'console' : 'api',
})
