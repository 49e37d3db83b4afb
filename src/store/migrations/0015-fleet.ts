import { sql } from 'kysely'
import type { Dialect, MigratedDatabase } from '../sql/dialect.ts'
import type { Migration } from './migration.ts'

/**
 * Gives APIs an owner, adds the groups that own clients and APIs, and what lists of clients and credentials are sorted and filtered by.
 */
export const fleet: Migration = {
  does: 'adds groups, owners, and what lists of clients and credentials are sorted by',
  olderServers: { miss: 'lists show the clients and credentials that they change as they were before' },
  work: [
    { table: 'client', perRow: { sqlite: 140, postgres: 500 }, copies: true },
    { table: 'credential', perRow: { sqlite: 34, postgres: 285 }, copies: true },
  ],
  up: async (db: MigratedDatabase, { bytewise }: Dialect): Promise<void> => {
    await db.schema.alterTable('api').addColumn('owner', 'text').execute()
    await addGroups(db)
    await addClientUse(db, bytewise)
    await fillClientUse(db)
    await extendCredentialUse(db, bytewise)
  },
}

async function addGroups(db: MigratedDatabase): Promise<void> {
  await db.schema
    .createTable('group')
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('description', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('group_key', ['tenant', 'name'])
    .execute()
  await db.schema
    .createTable('group_member')
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('group_name', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('claim', 'text', (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('permissions', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('group_member_key', ['tenant', 'group_name', 'kind', 'claim', 'id'])
    .addForeignKeyConstraint('group_member_group', ['tenant', 'group_name'], 'group', ['tenant', 'name'], (key) =>
      key.onDelete('cascade'),
    )
    .execute()
  await db.schema.createIndex('group_member_id').on('group_member').columns(['tenant', 'kind', 'claim', 'id']).execute()
}

/** The time of something that never comes, as lists sort it: the last time of a `Date` (ECMA-262 §21.4.1.1). */
const NEVER = 8_640_000_000_000_000
/** The last use of something that was never used. */
const UNUSED = -NEVER

async function addClientUse(db: MigratedDatabase, text: Dialect['bytewise']): Promise<void> {
  await db.schema
    .createTable('client_use')
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('client_id', text, (column) => column.notNull())
    .addColumn('id_key', text, (column) => column.notNull().defaultTo(''))
    .addColumn('name_key', text, (column) => column.notNull().defaultTo(''))
    .addColumn('owner', text, (column) => column.notNull().defaultTo(''))
    .addColumn('traits', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('created_at', 'bigint', (column) => column.notNull().defaultTo(0))
    .addColumn('last_used_at', 'bigint', (column) => column.notNull().defaultTo(UNUSED))
    .addColumn('idle_since', 'bigint', (column) => column.notNull().defaultTo(0))
    .addColumn('next_expiry', 'bigint', (column) => column.notNull().defaultTo(NEVER))
    .addPrimaryKeyConstraint('client_use_key', ['tenant', 'client_id'])
    .addForeignKeyConstraint('client_use_client', ['tenant', 'client_id'], 'client', ['tenant', 'client_id'], (key) =>
      key.onDelete('cascade'),
    )
    .execute()
  await db.schema
    .createTable('client_tag')
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('tag', text, (column) => column.notNull())
    .addColumn('client_id', text, (column) => column.notNull())
    .addPrimaryKeyConstraint('client_tag_key', ['tenant', 'tag', 'client_id'])
    .addForeignKeyConstraint('client_tag_client', ['tenant', 'client_id'], 'client', ['tenant', 'client_id'], (key) =>
      key.onDelete('cascade'),
    )
    .execute()
  await db.schema.createIndex('client_tag_client_id').on('client_tag').columns(['tenant', 'client_id']).execute()
}

/** The columns that lists of clients are sorted or found by, each with an index that the id ends. */
const CLIENT_INDEXES = ['id_key', 'name_key', 'owner', 'traits', 'created_at', 'idle_since', 'next_expiry'] as const
const CREDENTIAL_INDEXES = ['client_id', 'owner', 'kind', 'revoked', 'created_at', 'idle_since', 'expires_at'] as const

/** Adds a row for every client. The indexes come afterwards, which is faster. */
async function fillClientUse(db: MigratedDatabase): Promise<void> {
  for (let after: OldClient | undefined; ; ) {
    const behind = after === undefined ? sql`` : sql`where (tenant, client_id) > (${after.tenant}, ${after.client_id})`
    const { rows } = await sql<OldClient>`select tenant, client_id, name, owner, enabled, tags, created_at from client
      ${behind} order by tenant, client_id limit ${sql.lit(AT_ONCE)}`.execute(db)
    for (const [tenant, clients] of Map.groupBy(rows, (row) => row.tenant)) await fillSome(db, tenant, clients)
    after = rows.at(-1)
    if (rows.length < AT_ONCE) break
  }
  for (const column of CLIENT_INDEXES)
    await db.schema
      .createIndex(`client_use_${column}`)
      .on('client_use')
      .columns(['tenant', column, 'client_id'])
      .execute()
}

const AT_ONCE = 500

interface OldClient {
  readonly tenant: string
  readonly client_id: string
  readonly name: string | null
  readonly owner: string | null
  readonly enabled: number
  readonly tags: string
  readonly created_at: number
}

interface OldCredential {
  readonly client_id: string
  readonly kind: string
  readonly expires_at: number | null
  readonly revoked_at: number | null
  readonly last_used_at: number | null
}

async function fillSome(db: MigratedDatabase, tenant: string, clients: readonly OldClient[]): Promise<void> {
  const ids = sql.join(clients.map((client) => client.client_id))
  const { rows } = await sql<OldCredential>`select c.client_id, c.kind, c.expires_at, c.revoked_at, u.last_used_at
    from credential c left join credential_use u on u.tenant = c.tenant and u.credential_id = c.id
    where c.tenant = ${tenant} and c.client_id in (${ids})`.execute(db)
  const credentials = Map.groupBy(rows, (row) => row.client_id)
  const uses = clients.map((client) => toUse(client, credentials.get(client.client_id) ?? []))
  await sql`insert into client_use (tenant, client_id, id_key, name_key, owner, traits, created_at, last_used_at, idle_since, next_expiry)
    values ${sql.join(uses.map((use) => sql`(${sql.join(use)})`))}`.execute(db)
  const tags = clients.flatMap((client) => tagsOf(client.tags).map((tag) => [tenant, tag, client.client_id]))
  for (let from = 0; from < tags.length; from += AT_ONCE)
    await sql`insert into client_tag (tenant, tag, client_id)
      values ${sql.join(tags.slice(from, from + AT_ONCE).map((tag) => sql`(${sql.join(tag)})`))}`.execute(db)
}

/** Every kind of credential has a bit, and so has the state of the client. */
const BITS: Readonly<Record<string, number>> = { secret: 1, keys: 2, certificate: 4, federated: 8 }
const ENABLED = 16

function toUse(client: OldClient, credentials: readonly OldCredential[]): readonly unknown[] {
  const standing = credentials.filter(({ revoked_at: at }) => at === null)
  const traits = standing.reduce((bits, { kind }) => bits | (BITS[kind] ?? 0), client.enabled === 1 ? ENABLED : 0)
  const lastUsedAt = Math.max(UNUSED, ...credentials.map(({ last_used_at: at }) => at ?? UNUSED))
  const createdAt = Number.isFinite(client.created_at) ? client.created_at : 0
  return [
    client.tenant,
    client.client_id,
    String(client.client_id).toLowerCase(),
    String(client.name ?? '').toLowerCase(),
    String(client.owner ?? ''),
    traits,
    createdAt,
    lastUsedAt,
    lastUsedAt > UNUSED ? lastUsedAt : createdAt,
    Math.min(NEVER, ...standing.map(({ expires_at: at }) => at ?? NEVER)),
  ]
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

/** Gives every credential a row, used or not. A server of the previous version goes on writing the two columns that it knows. */
async function extendCredentialUse(db: MigratedDatabase, text: Dialect['bytewise']): Promise<void> {
  const table = db.schema.alterTable('credential_use')
  await table.addColumn('client_id', text, (column) => column.notNull().defaultTo('')).execute()
  await table.addColumn('owner', text, (column) => column.notNull().defaultTo('')).execute()
  await table.addColumn('kind', 'text', (column) => column.notNull().defaultTo('')).execute()
  await table.addColumn('revoked', 'integer', (column) => column.notNull().defaultTo(0)).execute()
  await table.addColumn('created_at', 'bigint', (column) => column.notNull().defaultTo(0)).execute()
  await table.addColumn('idle_since', 'bigint', (column) => column.notNull().defaultTo(0)).execute()
  await table.addColumn('expires_at', 'bigint', (column) => column.notNull().defaultTo(NEVER)).execute()
  const columns = ['client_id', 'owner', 'kind', 'revoked', 'created_at', 'expires_at'] as const
  const excluded = columns.map((column) => sql`${sql.ref(column)} = excluded.${sql.ref(column)}`)
  await sql`
    insert into credential_use
      (tenant, credential_id, last_used_at, client_id, owner, kind, revoked, created_at, idle_since, expires_at)
    select c.tenant, c.id, ${sql.lit(UNUSED)}, c.client_id, coalesce(o.owner, ''), c.kind, case when c.revoked_at is null then 0 else 1 end,
      c.created_at, c.created_at, coalesce(c.expires_at, ${sql.lit(NEVER)})
    from credential c join client o on o.tenant = c.tenant and o.client_id = c.client_id
    where true
    on conflict (tenant, credential_id) do update set ${sql.join(excluded)}, idle_since = credential_use.last_used_at`.execute(
    db,
  )
  for (const column of CREDENTIAL_INDEXES)
    await db.schema
      .createIndex(`credential_use_${column}`)
      .on('credential_use')
      .columns(['tenant', column, 'credential_id'])
      .execute()
}
