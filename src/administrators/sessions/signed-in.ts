import { hash } from 'node:crypto'
import type { Actor } from '../../audit/actor.ts'
import { type Author, eventOf } from '../event.ts'
import { AdministratorRefusal } from '../refusal.ts'
import type { Role } from '../role.ts'
import { constantTimeEqual, hashToken, LONGEST_TOKEN } from '../token.ts'
import type { SessionContext } from './context.ts'
import { actorOf, type Claims, nameOf, ownerOf, type Session } from './session.ts'

/** The last use of a session is written at most this often. Milliseconds. */
const SEEN_EVERY_MS = 60_000

/** A person with a session. */
export interface SignedIn {
  readonly session: Session
  readonly actor: Actor
  /** The name in events and groups. */
  readonly name: string
  readonly displayName: string | undefined
  /** The local account; undefined for a person from single sign-on. */
  readonly account: string | undefined
  readonly roles: readonly Role[]
  /** The claims by which a group may have this person as a member. */
  readonly claims: Claims
}

/**
 * The person of a session token. The roles are those of now: a change of an account works at once.
 * @throws AdministratorRefusal `not_signed_in` if the session has ended, or never was
 */
export async function requireSession(context: SessionContext, kind: Session['kind'], token: string): Promise<SignedIn> {
  const { clock, sessions, accounts, lives } = context
  const session = token.length > LONGEST_TOKEN ? undefined : await sessions.findSession(hashToken(token))
  if (session === undefined || session.kind !== kind) throw new AdministratorRefusal('not_signed_in')
  const now = clock.now()
  const { person, lastSeenAt, expiresAt, createdAt } = session
  const isOver = now >= Math.min(expiresAt, createdAt + lives.absolute) || now >= lastSeenAt + lives.idle
  if (isOver) throw new AdministratorRefusal('not_signed_in')
  const known = { session, actor: actorOf(session), name: nameOf(person) }
  const found = person.kind === 'account' ? await accounts.findAccount(person.name) : undefined
  if (person.kind === 'account') {
    const isHis = found !== undefined && !('problem' in found) && found.id === person.accountId && found.isEnabled
    if (!isHis) throw new AdministratorRefusal('not_signed_in')
    await noteSeen(context, session, now)
    return { ...known, displayName: found.displayName, account: found.name, roles: found.roles, claims: {} }
  }
  await noteSeen(context, session, now)
  return { ...known, displayName: undefined, account: undefined, roles: person.roles, claims: person.claims }
}

async function noteSeen({ sessions }: SessionContext, { id, lastSeenAt }: Session, now: number): Promise<void> {
  if (now - lastSeenAt >= SEEN_EVERY_MS) await sessions.noteSeen(id, now)
}

/**
 * The token that a page of a browser's session must send with each change. A page of another origin can't read it. It is derived,
 * so that nothing keeps it, and it reveals nothing about the session token.
 */
export const csrfTokenOf = (sessionToken: string): string =>
  hash('sha256', `tessera csrf\0${sessionToken}`, 'base64url')

export const isCsrfToken = (sessionToken: string, given: string | undefined): boolean =>
  given !== undefined && constantTimeEqual(csrfTokenOf(sessionToken), given)

/** Ends one session of the person. @throws AdministratorRefusal `no_session` if there is none with this id */
export async function endSession(
  context: SessionContext,
  { session: { person } }: Pick<SignedIn, 'session'>,
  author: Author,
  id: string,
): Promise<void> {
  const event = eventOf(context, author, { type: 'session.end', detail: { name: nameOf(person), session: id } })
  if (!(await context.sessions.endSession(ownerOf(person), id, event))) throw new AdministratorRefusal('no_session')
}

/** Ends every session of the person, this one included. @returns how many */
export function endSessions(
  context: SessionContext,
  { session: { person } }: Pick<SignedIn, 'session'>,
  author: Author,
): Promise<number> {
  const event = eventOf(context, author, { type: 'session.end', detail: { name: nameOf(person), sessions: 'all' } })
  return context.sessions.endSessions(ownerOf(person), event)
}

/** The sessions of the person that have not ended, oldest first. */
export async function listSessions(
  { sessions, clock, lives }: SessionContext,
  { session: { person } }: Pick<SignedIn, 'session'>,
): Promise<readonly Session[]> {
  const now = clock.now()
  const all = await sessions.listSessions(ownerOf(person))
  return all.filter(({ expiresAt, lastSeenAt }) => now < expiresAt && now < lastSeenAt + lives.idle)
}

/** Removes the sessions and requests that are over. @param most how many at a time */
export async function pruneSessions({ sessions, clock, lives }: SessionContext, most: number): Promise<number> {
  const now = clock.now()
  const ended = await sessions.pruneSessions({ now, idleSince: now - lives.idle }, most)
  return ended + (await sessions.pruneRequests(now, most))
}
