import type { StoredAuditEvent } from '../../audit/store.ts'
import { refusalOf } from '../../endpoints/refusal-table.ts'
import { ClientId } from '../../oauth/ids.ts'
import { UserError } from '../../platform/user-error.ts'
import { showClient } from '../clients/show.ts'
import type { ManagementContext } from '../context.ts'
import { ANY_CASE, type Case } from './advice/case.ts'
import { adviceOn } from './advice/table.ts'
import type { ExplainedRefusal, Explanation } from './explanation.ts'
import { findCase } from './find-case.ts'
import type { RequestReference } from './reference.ts'

/** Events of one request or trace. */
const MOST_EVENTS = 100
/** The last events that are searched for a trace, since no index has them. */
const TRACED_EVENTS = 100_000
/** The last events of a client that are searched for its requests. */
const CLIENT_EVENTS = 1_000
/** The most requests of a client that are explained at once. */
const MOST_EXPLAINED = 100

/** Explains the events of a request, or of a trace; empty if none is recorded. */
export async function explainRequest(
  context: ManagementContext,
  asked: RequestReference,
): Promise<readonly Explanation[]> {
  const { audit } = context.store
  if (asked.kind === 'request')
    return explainAll(context, await audit.listEvents({ limit: MOST_EVENTS, requestId: asked.id }))
  const [last] = await audit.listEvents({ limit: 1 })
  const after = Math.max(0, (last?.seq ?? 0) - TRACED_EVENTS)
  return explainAll(context, await audit.listEvents({ limit: MOST_EVENTS, traceId: asked.id, after }))
}

/**
 * Explains the last refused requests of a client, oldest first; if none was refused, its last requests.
 * @param last at most 100
 * @throws UserError if nothing was recorded for such a client, and it does not exist
 */
export async function explainClient(
  context: ManagementContext,
  { client, last }: { readonly client: string; readonly last: number },
): Promise<readonly Explanation[]> {
  if (last < 1 || last > MOST_EXPLAINED) throw new UserError(`the number of requests must be 1 to ${MOST_EXPLAINED}`)
  const events = await context.store.audit.listEvents({ clientId: client, limit: CLIENT_EVENTS })
  if (events.length === 0) await showClient(context, ClientId(client))
  const requests = events.filter(({ type }) => type.startsWith('token.') || type === 'request.refuse')
  const refused = requests.filter(({ result }) => result === 'refused')
  return explainAll(context, (refused.length > 0 ? refused : requests).slice(-last))
}

async function explainAll(
  context: ManagementContext,
  events: readonly StoredAuditEvent[],
): Promise<readonly Explanation[]> {
  const explained: Explanation[] = []
  for (const event of events) explained.push(await explainEvent(context, event))
  return explained
}

/** Explains one event from its facts and the present state of the model. */
export async function explainEvent(context: ManagementContext, event: StoredAuditEvent): Promise<Explanation> {
  const about = await findCase(context, event)
  const { at, type, result, requestId, clientId, remoteAddress, detail } = event
  return {
    time: new Date(at).toISOString(),
    type,
    result,
    requestId,
    clientId,
    remoteAddress,
    credentialLabel: labelOf(about),
    detail,
    refusal: explainRefusal(event, about),
  }
}

const labelOf = ({ credential, credentials }: Case): string | undefined =>
  credentials.some((one) => one.credential.label === credential) && credential !== ANY_CASE.credential
    ? credential
    : undefined

function explainRefusal({ reason = '' }: StoredAuditEvent, about: Case): ExplainedRefusal | undefined {
  const refusal = refusalOf(reason)
  const advice = adviceOn(reason)?.(about)
  if (refusal === undefined || advice === undefined) return undefined
  const { meaning, status, error } = refusal
  const { notes = [], checks = [], meant = [], remedies } = advice
  const { record } = about
  const unreadable =
    record !== undefined && 'problem' in record
      ? [`The record of the client can't be read now: ${record.problem}.`]
      : []
  return { reason, meaning, answered: { status, error }, notes: [...unreadable, ...notes], checks, meant, remedies }
}
