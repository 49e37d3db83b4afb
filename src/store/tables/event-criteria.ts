import {
  type Expression,
  type ExpressionBuilder,
  type Kysely,
  type SelectQueryBuilder,
  type SqlBool,
  sql,
} from 'kysely'
import { actorName } from '../../audit/actor-name.ts'
import { auditResults } from '../../audit/event.ts'
import { type EventFilter, LONGEST_VALUE, MOST_VALUES } from '../../audit/query.ts'
import type { StoredAuditEvent } from '../../audit/store.ts'
import type { TenantId } from '../../oauth/ids.ts'
import type { Schema } from '../sql/schema.ts'
import { term, USUAL } from './event-segments.ts'

type Events<Result> = SelectQueryBuilder<Schema, 'audit_event', Result>

/** A filter as the database takes it. */
export class Criteria {
  readonly #filter: EventFilter
  readonly #tenant: TenantId
  /** The terms of the index, a list for each property: an event has one of each list. */
  readonly terms: readonly (readonly string[])[]

  /** Looks up the clients that the filter means. */
  static async of(filter: EventFilter, db: Kysely<Schema>, tenant: TenantId): Promise<Criteria> {
    const owned = filter.owners && (await clientsOf(filter.owners, db, tenant))
    const holder = filter.credential === undefined ? undefined : await holderOf(filter.credential, db, tenant)
    return new Criteria(filter, tenant, termsOf(filter, owned, holder))
  }

  private constructor(filter: EventFilter, tenant: TenantId, terms: readonly (readonly string[])[]) {
    this.#filter = filter
    this.#tenant = tenant
    this.terms = terms
  }

  /** The number of terms. */
  get size(): number {
    return Math.max(1, ...this.terms.map(({ length }) => length))
  }

  /** Whether the database searches the text of every event. */
  get searchesText(): boolean {
    const { credential, audience, requestId, traceId } = this.#filter
    return (credential ?? audience ?? requestId ?? traceId) !== undefined
  }

  /** Whether no event can match. */
  get isImpossible(): boolean {
    const { since, until, clientIds, owners, types, reasons, actor, credential, audience, requestId, traceId } =
      this.#filter
    return (
      (since !== undefined && until !== undefined && since >= until) ||
      [clientIds, owners, types, reasons].some((values) => values?.length === 0) ||
      [actor, credential, audience, requestId, traceId].some(
        (value) => value !== undefined && value.length > LONGEST_VALUE,
      )
    )
  }

  /** Whether a segment has events of these times. */
  mayContain({ earliest, latest }: Pick<Schema['audit_segment'], 'earliest' | 'latest'>): boolean {
    const { since, until } = this.#filter
    if (earliest === null || latest === null) return false
    return latest >= (since ?? latest) && earliest < (until ?? Number.POSITIVE_INFINITY)
  }

  restrict<Result>(query: Events<Result>): Events<Result> {
    const { since, until, clientIds, owners, types, result, reasons, actor, requestId, traceId, credential, audience } =
      this.#filter
    return query.where((eb) =>
      eb.and([
        ...(since === undefined ? [] : [eb('at', '>=', Math.ceil(since))]),
        ...(until === undefined ? [] : [eb('at', '<', Math.ceil(until))]),
        ...(clientIds === undefined ? [] : [eb('client_id', 'in', clientIds)]),
        ...(owners === undefined ? [] : [isOwned(eb, this.#tenant, owners)]),
        ...(types === undefined ? [] : [eb('type', 'in', types)]),
        // This form of the condition lets both databases use their index of refusals.
        ...(result === undefined
          ? []
          : [result === 'refused' ? sql<SqlBool>`result = 'refused'` : eb('result', '=', result)]),
        ...(reasons === undefined ? [] : [eb('reason', 'in', reasons)]),
        ...(actor === undefined ? [] : [contains('actor', actor)]),
        ...(requestId === undefined
          ? []
          : [
              eb.or([
                eb('request_id', '=', requestId),
                eb.and([eb('result', '=', 'refused'), contains('detail', requestId)]),
              ]),
            ]),
        ...(traceId === undefined ? [] : [eb('trace_id', '=', traceId)]),
        ...(credential === undefined ? [] : [eb.or([contains('detail', credential), contains('changes', credential)])]),
        ...(audience === undefined ? [] : [contains('detail', audience)]),
      ]),
    )
  }

  /** Checks what is within JSON, of which the database checks only that the text occurs. */
  matches({ actor, detail, changes }: StoredAuditEvent): boolean {
    const { actor: name, credential, audience } = this.#filter
    return (
      (name === undefined || (actor !== undefined && actorName(actor) === name)) &&
      (credential === undefined ||
        detail['credential'] === credential ||
        changes?.things.some(({ thing, id }) => thing === 'credential' && id === credential) === true) &&
      (audience === undefined || [detail['audience']].flat().includes(audience))
    )
  }
}

/** Whether one of the owners has the client of an event. An event from before its creation is of an earlier client of the same id. */
const isOwned = (
  eb: ExpressionBuilder<Schema, 'audit_event'>,
  tenant: TenantId,
  owners: readonly string[],
): Expression<SqlBool> =>
  owners.length === 0
    ? eb.lit(false)
    : eb.exists(
        eb
          .selectFrom('client')
          .select('client.client_id')
          .where('client.tenant', '=', tenant)
          .whereRef('client.client_id', '=', 'audit_event.client_id')
          .whereRef('client.created_at', '<=', 'audit_event.at')
          .where('client.owner', 'in', owners),
      )

/** The clients of owners; undefined if they are too many to look each up in the index. */
async function clientsOf(
  owners: readonly string[],
  db: Kysely<Schema>,
  tenant: TenantId,
): Promise<readonly string[] | undefined> {
  if (owners.length === 0) return []
  const rows = await db
    .selectFrom('client')
    .select('client_id')
    .where('tenant', '=', tenant)
    .where('owner', 'in', owners)
    .limit(MOST_VALUES + 1)
    .execute()
  return rows.length > MOST_VALUES ? undefined : rows.map(({ client_id }) => client_id)
}

async function holderOf(credential: string, db: Kysely<Schema>, tenant: TenantId): Promise<string | undefined> {
  const row = await db
    .selectFrom('credential')
    .select('client_id')
    .where('tenant', '=', tenant)
    .where('id', '=', credential)
    .executeTakeFirst()
  return row?.client_id
}

/** The terms of each property, the rarest properties first. Every event has a result, so that it leads to the tenant's blocks. */
function termsOf(
  { clientIds, types, result, reasons, actor }: EventFilter,
  owned: readonly string[] | undefined,
  holder: string | undefined,
): readonly (readonly string[])[] {
  const rareTypes = types?.includes(USUAL.type) === false ? types : undefined
  const terms = [
    pairs(reasons, clientIds, term.rareReason),
    pairs(rareTypes, clientIds, term.rareType),
    reasons?.map(term.reason),
    actor === undefined ? undefined : [term.actor(actor)],
    holder === undefined ? undefined : [term.client(holder), term.managed],
    clientIds?.map(term.client),
    owned?.map(term.client),
    types?.map(term.type),
    result === undefined ? undefined : [term.result(result)],
  ].filter((one) => one !== undefined)
  return terms.length > 0 ? terms : [auditResults.map(term.result)]
}

function pairs(
  some: readonly string[] | undefined,
  others: readonly string[] | undefined,
  name: (one: string, other: string) => string,
): readonly string[] | undefined {
  if (some === undefined || others === undefined || some.length * others.length > MOST_VALUES) return undefined
  return some.flatMap((one) => others.map((other) => name(one, other)))
}

/** Whether a column of JSON has a text as one of its strings. */
const contains = (column: 'actor' | 'detail' | 'changes', text: string) =>
  sql<SqlBool>`${sql.ref(column)} like ${`%${JSON.stringify(text).replaceAll(/[\\%_]/g, '\\$&')}%`} escape ${'\\'}`
