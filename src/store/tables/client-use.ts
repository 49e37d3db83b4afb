import { type Kysely, sql } from 'kysely'
import type { Credential } from '../../model/credentials/credential.ts'
import type { TenantId } from '../../oauth/ids.ts'
import { inParts } from '../sql/parts.ts'
import type { Schema } from '../sql/schema.ts'
import type { NewRow } from './rows.ts'

/** The time of something that never comes, as lists sort it: the last time of a `Date` (ECMA-262 §21.4.1.1). */
export const NEVER = 8_640_000_000_000_000
/** The last use of something that was never used: the first time of a `Date`. */
export const UNUSED = -NEVER

/** Every kind of credential has a bit in `traits`, and so has the state of the client. So one index finds both. */
const BITS: Readonly<Record<Credential['kind'], number>> = { secret: 1, keys: 2, certificate: 4, federated: 8 }
const ENABLED = 16

/** The values of `traits` of the clients that are meant. */
export const traitsOf = (kind: Credential['kind'] | undefined, isEnabled: boolean | undefined): readonly number[] =>
  Array.from({ length: 2 * ENABLED }, (_, traits) => traits).filter(
    (traits) =>
      (kind === undefined || (traits & BITS[kind]) !== 0) &&
      (isEnabled === undefined || ((traits & ENABLED) !== 0) === isEnabled),
  )

/** A text as searches compare it. */
export const searched = (text: string): string => text.toLowerCase()

type ReadClient = Pick<
  NewRow<'client'>,
  'client_id' | 'name' | 'owner' | 'manifest' | 'enabled' | 'tags' | 'created_at'
>
type ReadCredential = Pick<
  NewRow<'credential'>,
  'id' | 'client_id' | 'kind' | 'created_at' | 'expires_at' | 'revoked_at'
>

/**
 * Brings what lists read of these clients up to date, within the transaction that has changed them. Columns that can't be read count as
 * empty, so that they stop no write.
 * @param now milliseconds
 */
export async function noteClients(
  trx: Kysely<Schema>,
  tenant: TenantId,
  ids: readonly string[],
  now: number,
): Promise<void> {
  for (const some of inParts([...ids].sort())) {
    const clients = await trx
      .selectFrom('client')
      .select(['client_id', 'name', 'owner', 'manifest', 'enabled', 'tags', 'created_at'])
      .where('tenant', '=', tenant)
      .where('client_id', 'in', some)
      .execute()
    const credentials = await trx
      .selectFrom('credential')
      .select(['id', 'client_id', 'kind', 'created_at', 'expires_at', 'revoked_at'])
      .where('tenant', '=', tenant)
      .where('client_id', 'in', some)
      .orderBy('id')
      .execute()
    const owners = new Map(clients.map((client) => [client.client_id, ownerOf(client)]))
    for (const part of inParts(credentials))
      await putCredentialUses(
        trx,
        part.map((one) => credentialUse(tenant, one, owners.get(one.client_id) ?? '')),
      )
    const ofClients = Map.groupBy(credentials, (one) => one.client_id)
    await putClientUses(
      trx,
      clients.map((client) => clientUse(tenant, client, ofClients.get(client.client_id) ?? [], now)),
    )
    await trx.deleteFrom('client_tag').where('tenant', '=', tenant).where('client_id', 'in', some).execute()
    const tags = clients.flatMap((client) =>
      tagsOf(client.tags).map((tag) => ({ tenant, tag, client_id: client.client_id })),
    )
    for (const part of inParts(tags)) await trx.insertInto('client_tag').values(part).execute()
  }
}

const finite = (value: number | null | undefined, otherwise: number): number =>
  Number.isSafeInteger(value) ? Number(value) : otherwise

const ownerOf = ({ owner }: Pick<ReadClient, 'owner'>): string => String(owner ?? '')

function credentialUse(tenant: TenantId, credential: ReadCredential, owner: string): NewRow<'credential_use'> {
  const createdAt = finite(credential.created_at, 0)
  return {
    tenant,
    credential_id: credential.id,
    client_id: credential.client_id,
    owner,
    kind: String(credential.kind),
    revoked: credential.revoked_at === null ? 0 : 1,
    created_at: createdAt,
    last_used_at: UNUSED,
    idle_since: createdAt,
    expires_at: finite(credential.expires_at, NEVER),
  }
}

function clientUse(
  tenant: TenantId,
  client: ReadClient,
  credentials: readonly ReadCredential[],
  now: number,
): NewRow<'client_use'> {
  const createdAt = finite(client.created_at, 0)
  const valid = credentials.filter((one) => one.revoked_at === null && finite(one.expires_at, NEVER) > now)
  const bits: Readonly<Record<string, number>> = BITS
  return {
    tenant,
    client_id: client.client_id,
    id_key: searched(client.client_id),
    name_key: searched(String(client.name ?? '')),
    owner: ownerOf(client),
    manifest: String(client.manifest ?? ''),
    traits: valid.reduce((traits, { kind }) => traits | (bits[kind] ?? 0), client.enabled === 1 ? ENABLED : 0),
    created_at: createdAt,
    last_used_at: UNUSED,
    idle_since: createdAt,
    next_expiry: Math.min(NEVER, ...valid.map((one) => finite(one.expires_at, NEVER))),
  }
}

/** The tags in a column; none if it can't be read. */
function tagsOf(text: string): readonly string[] {
  try {
    const tags: unknown = JSON.parse(text)
    return Array.isArray(tags) ? [...new Set(tags.filter((tag) => typeof tag === 'string'))] : []
  } catch {
    return []
  }
}

async function putCredentialUses(trx: Kysely<Schema>, rows: readonly NewRow<'credential_use'>[]): Promise<void> {
  if (rows.length === 0) return
  await trx
    .insertInto('credential_use')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['tenant', 'credential_id']).doUpdateSet((row) => ({
        client_id: row.ref('excluded.client_id'),
        owner: row.ref('excluded.owner'),
        kind: row.ref('excluded.kind'),
        revoked: row.ref('excluded.revoked'),
        created_at: row.ref('excluded.created_at'),
        expires_at: row.ref('excluded.expires_at'),
      })),
    )
    .execute()
}

async function putClientUses(trx: Kysely<Schema>, rows: readonly NewRow<'client_use'>[]): Promise<void> {
  if (rows.length === 0) return
  await trx
    .insertInto('client_use')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['tenant', 'client_id']).doUpdateSet((row) => ({
        id_key: row.ref('excluded.id_key'),
        name_key: row.ref('excluded.name_key'),
        owner: row.ref('excluded.owner'),
        manifest: row.ref('excluded.manifest'),
        traits: row.ref('excluded.traits'),
        next_expiry: row.ref('excluded.next_expiry'),
      })),
    )
    .execute()
}

/** Notes the last uses of clients, within the transaction that notes those of their credentials. */
export async function noteClientUses(
  trx: Kysely<Schema>,
  tenant: TenantId,
  uses: ReadonlyMap<string, number>,
): Promise<void> {
  const rows = [...uses]
    .map(([id, at]) => ({ tenant, client_id: id, id_key: searched(id), last_used_at: at, idle_since: at }))
    // All processes write in one order, so that no two of them can deadlock.
    .sort((one, other) => (one.client_id < other.client_id ? -1 : 1))
  for (const part of inParts(rows))
    await trx
      .insertInto('client_use')
      .values(part)
      .onConflict((conflict) =>
        conflict
          .columns(['tenant', 'client_id'])
          .doUpdateSet((row) => ({
            last_used_at: row.ref('excluded.last_used_at'),
            idle_since: row.ref('excluded.idle_since'),
          }))
          .whereRef('client_use.last_used_at', '<', sql.ref('excluded.last_used_at')),
      )
      .execute()
}
