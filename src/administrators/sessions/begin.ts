import { start } from '../../platform/bytes.ts'
import { uuidv7 } from '../../platform/random.ts'
import { LONGEST_RECORDED } from '../../platform/text.ts'
import { eventOf, type RequestOrigin } from '../event.ts'
import { hashToken, newToken } from '../token.ts'
import type { SessionContext } from './context.ts'
import { actorOf, nameOf, type Origin, type Person, type Session, type SessionKind } from './session.ts'
import type { Requirement } from './store.ts'

/** The most sessions of one person. Beyond it, the oldest ends. */
const MOST_SESSIONS = 20

/** A request that asks for a session. */
export interface SignInRequest extends RequestOrigin, Origin {
  readonly remoteAddress: string
}

/** A session that has just begun. Nothing else keeps its token. */
export interface NewSession {
  readonly session: Session
  readonly token: string
}

interface Beginning {
  readonly kind: SessionKind
  readonly person: Person
  /** The ways in which the person proved who it is, for the event. */
  readonly methods: readonly string[]
  readonly requires?: Requirement
}

/** Begins a session. @returns undefined if `requires` is no longer met */
export async function beginSession(
  context: SessionContext,
  request: SignInRequest,
  { kind, person, methods, requires }: Beginning,
): Promise<NewSession | undefined> {
  const { clock, random, sessions, lives } = context
  const now = clock.now()
  const token = newToken(kind === 'cli' ? 'tsl_' : '', random)
  const session: Session = {
    id: uuidv7(clock, random),
    tokenHash: hashToken(token),
    kind,
    person,
    createdAt: now,
    lastSeenAt: now,
    expiresAt: now + lives.absolute,
    remoteAddress: request.remoteAddress,
    userAgent: request.userAgent === undefined ? undefined : start(request.userAgent, LONGEST_RECORDED),
  }
  const { requestId, remoteAddress, traceId } = request
  const event = eventOf(
    context,
    { actor: actorOf(session), request: { requestId, remoteAddress, traceId } },
    {
      type: 'session.start',
      detail: { name: nameOf(person), kind, methods, session: session.id, user_agent: session.userAgent },
    },
  )
  return (await sessions.addSession(session, MOST_SESSIONS, event, requires)) ? { session, token } : undefined
}
