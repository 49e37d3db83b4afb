import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { type Kysely, sql } from 'kysely'
import type { ClientFilter, ClientSort, CredentialFilter, CredentialSort } from '../src/model/fleet/filters.ts'
import type { Place } from '../src/model/fleet/page.ts'
import { DEFAULT_TENANT } from '../src/oauth/ids.ts'
import { systemClock } from '../src/platform/clock.ts'
import type { Schema } from '../src/store/sql/schema.ts'
import { SqlFleetStore } from '../src/store/tables/fleet.ts'
import { type DatabaseKind, makeDatabase } from './servers/databases.ts'
import type { Workspace } from './workspace.ts'

const CLIENTS = 1_000_000
/** Every fifth client has three credentials, the others have one. */
const CREDENTIALS = [CLIENTS, CLIENTS / 5, CLIENTS / 5]
const DAY = 24 * 3600 * 1000
const PAGE = 50
const TIMES = 7

interface List {
  readonly name: string
  readonly clients?: { readonly filter: ClientFilter; readonly sort: ClientSort; readonly isDescending?: boolean }
  readonly credentials?: {
    readonly filter: CredentialFilter
    readonly sort: CredentialSort
    readonly isDescending?: boolean
  }
}

const listsAt = (now: number): readonly List[] => [
  { name: 'clients by id', clients: { filter: {}, sort: 'id' } },
  { name: 'clients by last use, latest first', clients: { filter: {}, sort: 'last_used', isDescending: true } },
  { name: 'clients by next expiry', clients: { filter: {}, sort: 'next_expiry' } },
  { name: 'search for the beginning of an id, by name', clients: { filter: { search: 'client-0001' }, sort: 'name' } },
  { name: 'search that all clients fit, by last use', clients: { filter: { search: 'c' }, sort: 'last_used' } },
  { name: 'unused for 90 days, by id', clients: { filter: { unusedSince: now - 90 * DAY }, sort: 'id' } },
  { name: 'unused for 90 days, by last use', clients: { filter: { unusedSince: now - 90 * DAY }, sort: 'last_used' } },
  { name: 'expiring within 30 days, by name', clients: { filter: { expiresBefore: now + 30 * DAY }, sort: 'name' } },
  { name: 'of a large owner, by last use', clients: { filter: { owners: ['team-1'] }, sort: 'last_used' } },
  { name: 'of a small owner, by creation', clients: { filter: { owners: ['small-7'] }, sort: 'created' } },
  {
    name: 'disabled, unused, of two owners, by owner',
    clients: { filter: { owners: ['team-1', 'team-2'], isEnabled: false, unusedSince: now - 9 * DAY }, sort: 'owner' },
  },
  { name: 'filters that nothing fits, by id', clients: { filter: { owners: ['team-1'], kind: 'keys' }, sort: 'id' } },
  { name: 'credentials by expiry', credentials: { filter: {}, sort: 'expiry' } },
  {
    name: 'credentials that expire within 30 days, of an owner, by last use',
    credentials: { filter: { expiresBefore: now + 30 * DAY, owners: ['team-1'] }, sort: 'last_used' },
  },
  { name: 'revoked credentials, by creation', credentials: { filter: { state: 'revoked' }, sort: 'created' } },
]

/** Measures lists with a million clients. @returns the milliseconds of a page of each list: the median of some */
export async function measureLists(workspace: Workspace, kind: DatabaseKind): Promise<ReadonlyMap<string, number>> {
  const folder = mkdtempSync(join(workspace.folder, 'lists-'))
  const database = await (await makeDatabase(kind, workspace, folder)).open()
  try {
    const now = systemClock.now()
    await fill(database.unhurried, now)
    const store = new SqlFleetStore(database, DEFAULT_TENANT, systemClock)
    const lists = new Map<string, number>()
    for (const list of listsAt(now)) lists.set(list.name, await medianOf(store, list))
    return lists
  } finally {
    await database.close()
  }
}

/** The median time of the first pages. */
async function medianOf(store: SqlFleetStore, { clients, credentials }: List): Promise<number> {
  const times: number[] = []
  let after: Place | undefined
  for (let page = 0; page < TIMES; page += 1) {
    const from = performance.now()
    const listed =
      clients === undefined
        ? await store.listCredentials({ filter: {}, sort: 'expiry', ...credentials, after, most: PAGE })
        : await store.listClients({ ...clients, after, most: PAGE })
    times.push(performance.now() - from)
    after = listed.next
  }
  return times.toSorted((one, other) => one - other)[Math.floor(TIMES / 2)] ?? Number.NaN
}

/** A number that looks random, from 0 to 9,999, of the row `i`. */
const scattered = sql`((i * 7919) % 10000)`
const padded = sql`substr('0000000' || i, length('0000000' || i) - 6)`
/** A third of the clients belong to one of three owners, some to small ones, and some to nobody. */
const owner = sql`case when i % 3 = 0 then 'team-' || (i % 9 / 3) when i % 1000 = 1 then 'small-' || (i % 17) else '' end`

async function fill(db: Kysely<Schema>, now: number): Promise<void> {
  const age = sql`(${sql.lit(now)} - ${scattered} * ${sql.lit(DAY / 20)})`
  const numbers = (count: number) =>
    sql`with recursive n (i) as (select cast(1 as bigint) union all select i + 1 from n where i < ${sql.lit(count)})`
  await sql`insert into client (tenant, client_id, name, owner, tags, enabled, grant_types, scopes, default_scopes, token, created_at, updated_at)
    ${numbers(CLIENTS)} select 'default', 'client-' || ${padded}, 'Service ' || ${scattered}, nullif(${owner}, ''), '[]', case when i % 50 = 0 then 0 else 1 end,
    '["client_credentials"]', '["edit"]', '[]', '{}', ${sql.lit(now - 1_000 * DAY)} + i, 1 from n`.execute(db)
  await sql`insert into client_use (tenant, client_id, id_key, name_key, owner, traits, created_at, last_used_at, idle_since, next_expiry)
    ${numbers(CLIENTS)} select 'default', 'client-' || ${padded}, 'client-' || ${padded}, 'service ' || ${scattered}, ${owner},
    case when i % 50 = 0 then 1 else 17 end, ${sql.lit(now - 1_000 * DAY)} + i, ${age}, ${age}, ${sql.lit(2 * now)} - ${age} from n`.execute(
    db,
  )
  for (const [place, count] of CREDENTIALS.entries()) {
    const id = sql`'credential-${sql.raw(String(place))}-' || ${padded}`
    const expires = sql`(${sql.lit(2 * now)} - ${age})`
    const revoked = sql`(case when i % 100 = 0 then 1 else 0 end)`
    await sql`insert into credential (tenant, id, client_id, kind, label, hint, data, origin, created_at, expires_at, revoked_at)
      ${numbers(count)} select 'default', ${id}, 'client-' || ${padded}, 'secret', 'label', '', ${`{"hash":"$sha256$${'A'.repeat(43)}"}`}, 'command',
      ${sql.lit(now - 1_000 * DAY)} + i, ${expires}, nullif(${revoked}, 0) from n`.execute(db)
    await sql`insert into credential_use (tenant, credential_id, last_used_at, client_id, owner, kind, revoked, created_at, idle_since, expires_at)
      ${numbers(count)} select 'default', ${id}, ${age}, 'client-' || ${padded}, ${owner}, 'secret', ${revoked},
      ${sql.lit(now - 1_000 * DAY)} + i, ${age}, ${expires} from n`.execute(db)
  }
  // A database that has been in use for a while has these, by itself.
  await sql`analyze`.execute(db)
}
