import type { ReplayMarks } from '../../replay/marks.ts'
import { refusedEvent } from '../event.ts'
import { AdministratorRefusal } from '../refusal.ts'
import { seal, unseal } from '../sealed.ts'
import { beginSession, type NewSession, type SignInRequest } from '../sessions/begin.ts'
import type { SessionContext } from '../sessions/context.ts'
import { type ClaimRules, personOf } from './claims.ts'
import type { Attempt, Provider } from './provider.ts'

/** The context of single sign-on. */
export interface SignOnContext extends SessionContext {
  readonly provider: Pick<Provider, 'begin' | 'complete'>
  readonly rules: ClaimRules
  readonly marks: Pick<ReplayMarks, 'first'>
}

/** The time that a person has at the provider. Milliseconds. */
export const SIGN_ON_MS = 10 * 60_000
const STATE = 'single sign-on'

/**
 * Begins a sign-in at the provider.
 * @returns the address to send the browser to, and the state that the browser must bring back
 * @throws AdministratorRefusal `sign_on_unavailable`; it is recorded
 */
export const beginSignOn = (
  context: SignOnContext,
  request: SignInRequest,
): Promise<{ readonly url: string; readonly state: string }> =>
  recorded(context, request, async () => {
    const { attempt, url } = await context.provider.begin()
    return { url, state: await seal(context, STATE, { ...attempt }, SIGN_ON_MS) }
  })

/**
 * Completes a sign-in at the provider. A state counts once.
 * @param query the query that the provider has sent @param state as `beginSignOn` made it; undefined if the browser has none
 * @throws AdministratorRefusal `challenge_ended`, `sign_on_failed`, `sign_on_unavailable` or `no_role`; each is recorded
 */
export const completeSignOn = (
  context: SignOnContext,
  request: SignInRequest,
  { query, state }: { readonly query: string; readonly state: string | undefined },
): Promise<NewSession> =>
  recorded(context, request, async () => {
    const { provider, rules, marks, clock } = context
    const attempt = attemptOf(state === undefined ? undefined : await unseal(context, STATE, state))
    const isFirst = attempt && (await marks.first(STATE, attempt.state, clock.now() + SIGN_ON_MS))
    if (attempt === undefined || !isFirst) throw new AdministratorRefusal('challenge_ended')
    const person = personOf(await provider.complete(query, attempt), rules)
    const begun = await beginSession(context, request, { kind: 'browser', person, methods: ['sign_on'] })
    if (begun === undefined) throw new Error('a session without a requirement was not added')
    return begun
  })

function attemptOf(content: Readonly<Record<string, unknown>> | undefined): Attempt | undefined {
  const { state, nonce, verifier } = content ?? {}
  return typeof state === 'string' && typeof nonce === 'string' && typeof verifier === 'string'
    ? { state, nonce, verifier }
    : undefined
}

/** Records a refusal, and throws it again. */
async function recorded<Result>(
  context: SignOnContext,
  { requestId, remoteAddress, traceId }: SignInRequest,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof AdministratorRefusal) {
      const happening = {
        type: 'session.start',
        reason: error.reason,
        detail: { methods: ['sign_on'], ...error.detail },
      } as const
      context.audit.record(refusedEvent(context, { requestId, remoteAddress, traceId }, happening))
    }
    throw error
  }
}
