import { setTimeout as sleep } from 'node:timers/promises'
import type { StoredAuditEvent } from '../../audit/store.ts'
import { ClientId } from '../../oauth/ids.ts'
import { uuidv7Time } from '../../platform/random.ts'
import { UserError } from '../../platform/user-error.ts'
import { mayOver, ownersFor, requireSomewhere } from '../authority/authority.ts'
import { showClient } from '../clients/show.ts'
import type { ManagementContext } from '../context.ts'
import { ANY_CASE, type Case } from './advice/case.ts'
import { adviceOn } from './advice/table.ts'
import type { ExplainedRefusal, Explanation } from './explanation.ts'
import { findCase, secretSearch } from './find-case.ts'
import type { RequestReference } from './reference.ts'
import { type AskedAccess, stepsOf } from './steps.ts'

/** The context of explanations. */
export interface ExplainingContext extends ManagementContext {
  /** The table of refusals, which is above this folder. It returns undefined for an unknown reason. */
  readonly refusalOf: (
    reason: string,
  ) => { readonly meaning: string; readonly status: number; readonly error: string } | undefined
}

/** Events of one request or trace. */
const MOST_EVENTS = 100
/** The last events that are searched for a trace, since no index has them. */
const TRACED_EVENTS = 100_000
/** The last events of a client that are searched for its requests. */
const CLIENT_EVENTS = 1_000
/** The most requests of a client that are explained at once. */
export const MOST_EXPLAINED = 100

/** A response comes up to this long before its event is written. Milliseconds. */
const WRITTEN = { within: 2_000, lookedEvery: 100 }

/** Explains the events of a request, or of a trace; empty if none is recorded. */
export async function explainRequest(
  context: ExplainingContext,
  asked: RequestReference,
): Promise<readonly Explanation[]> {
  requireSomewhere(context.authority, 'explanations:read')
  const { audit } = context.store
  const seen = { limit: MOST_EVENTS, owners: ownersSeen(context) }
  if (asked.kind === 'request') {
    const find = () => audit.listEvents({ ...seen, requestId: asked.id })
    return explainAll(context, await findOnceWritten(find, context.clock.now() - (uuidv7Time(asked.id) ?? 0)))
  }
  const [last] = await audit.listEvents({ limit: 1 })
  const after = Math.max(0, (last?.seq ?? 0) - TRACED_EVENTS)
  return explainAll(context, await audit.listEvents({ ...seen, traceId: asked.id, after }))
}

/** Looks again while the event of a new request may still be unwritten. @param age milliseconds since the request */
async function findOnceWritten<Found>(find: () => Promise<readonly Found[]>, age: number): Promise<readonly Found[]> {
  const looks = Math.min(WRITTEN.within, WRITTEN.within - age) / WRITTEN.lookedEvery
  let found = await find()
  for (let looked = 0; found.length === 0 && looked < looks; looked += 1) {
    await sleep(WRITTEN.lookedEvery)
    found = await find()
  }
  return found
}

/**
 * Explains the last refused requests of a client, oldest first; if none was refused, its last requests.
 * @param last at most 100
 * @throws UserError if nothing was recorded for such a client, and it does not exist
 */
export async function explainClient(
  context: ExplainingContext,
  { client, last }: { readonly client: string; readonly last: number },
): Promise<readonly Explanation[]> {
  if (last < 1 || last > MOST_EXPLAINED) throw new UserError(`the number of requests must be 1 to ${MOST_EXPLAINED}`)
  requireSomewhere(context.authority, 'explanations:read')
  const owners = ownersSeen(context)
  const events = await context.store.audit.listEvents({ clientId: client, limit: CLIENT_EVENTS, owners })
  const requests = events.filter(({ type }) => type.startsWith('token.') || type === 'request.refuse')
  const refused = requests.filter(({ result }) => result === 'refused')
  const explained = await explainAll(context, (refused.length > 0 ? refused : requests).slice(-last))
  const seesAll = context.authority.everywhere.has('explanations:read')
  if (events.length === 0 || (explained.length === 0 && !(seesAll && requests.length === 0)))
    await showClient(context, ClientId(client))
  return explained
}

/** The owners of the clients whose events the author may see; undefined for all. */
function ownersSeen({ authority }: ExplainingContext): readonly string[] | undefined {
  const owners = ownersFor(authority, 'explanations:read')
  return owners === 'all' ? undefined : owners
}

async function explainAll(
  context: ExplainingContext,
  events: readonly StoredAuditEvent[],
): Promise<readonly Explanation[]> {
  const explained: Explanation[] = []
  const search = secretSearch(context, events)
  for (const event of events) {
    const one = await explainEvent(context, event, undefined, search)
    if (one !== undefined) explained.push(one)
  }
  return explained
}

/**
 * Explains one event from its facts and the present state of the model; undefined if the author may not see it.
 * @param asked the access that the request asked for, if that is known: no event has it
 */
export async function explainEvent(
  context: ExplainingContext,
  event: StoredAuditEvent,
  asked?: AskedAccess,
  search = secretSearch(context, [event]),
): Promise<Explanation | undefined> {
  const about = await findCase(context, event, search)
  if (!mayOver(context.authority, 'explanations:read', ownerOf(about))) return undefined
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
    refusal: explainRefusal(context, event, about),
    steps: type === 'token.issue' && result === 'success' ? stepsOf(about, asked) : [],
  }
}

/** The group whose members may see the event. */
const ownerOf = ({ record }: Case): string | undefined =>
  record === undefined || 'problem' in record ? undefined : record.owner

const labelOf = ({ credential, credentials }: Case): string | undefined =>
  credentials.some((one) => one.credential.label === credential) && credential !== ANY_CASE.credential
    ? credential
    : undefined

function explainRefusal(
  { refusalOf }: ExplainingContext,
  { reason = '' }: StoredAuditEvent,
  about: Case,
): ExplainedRefusal | undefined {
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
