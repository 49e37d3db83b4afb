import type { Kysely } from 'kysely'
import type {
  Group,
  GroupMember,
  GroupPermission,
  GroupStep,
  GroupStore,
  MemberName,
  Owned,
} from '../../model/group.ts'
import { inOrder } from '../../model/group.ts'
import type { TenantId } from '../../oauth/ids.ts'
import type { Clock } from '../../platform/clock.ts'
import { toListed, type Unreadable } from '../../platform/unreadable.ts'
import { lockNumbers } from '../sql/counters.ts'
import type { Database } from '../sql/dialect.ts'
import { inParts } from '../sql/parts.ts'
import type { Schema } from '../sql/schema.ts'
import { transact } from '../sql/transaction.ts'
import type { SqlAuditStore } from './audit.ts'
import { announce } from './changes.ts'
import { countAtMost } from './counting.ts'
import { fromMember, toGroup, toMember } from './group-rows.ts'

export class SqlGroupStore implements GroupStore {
  readonly #db: Database
  readonly #tenant: TenantId
  readonly #clock: Clock
  readonly #audit: SqlAuditStore

  constructor(db: Database, tenant: TenantId, clock: Clock, audit: SqlAuditStore) {
    this.#db = db
    this.#tenant = tenant
    this.#clock = clock
    this.#audit = audit
  }

  async listGroups(after: string, most: number) {
    const rows = await this.#db.scans
      .selectFrom('group')
      .selectAll()
      .where('tenant', '=', this.#tenant)
      .where('name', '>', after)
      .orderBy('name')
      .limit(most)
      .execute()
    const counts = new Map<string, number>()
    for (const some of inParts(rows.map(({ name }) => name))) {
      const counted = await this.#db.scans
        .selectFrom('group_member')
        .select(({ fn }) => ['group_name', fn.countAll<number | string>().as('members')])
        .where('tenant', '=', this.#tenant)
        .where('group_name', 'in', some)
        .groupBy('group_name')
        .execute()
      for (const { group_name, members } of counted) counts.set(group_name, Number(members))
    }
    return rows.map((row) => {
      const group = toGroup(row)
      return 'problem' in group ? group : { ...group, members: counts.get(group.name) ?? 0 }
    })
  }

  loadGroup(name: string): Promise<Group | Unreadable | undefined> {
    return loadGroup(this.#db.scans, this.#tenant, name)
  }

  async groupsOf(names: readonly MemberName[]) {
    const permissions = new Map<string, Set<GroupPermission>>()
    const ids = Map.groupBy(names, (name) => JSON.stringify([name.kind, name.kind === 'claim' ? name.claim : '']))
    for (const alike of ids.values()) {
      for (const some of inParts(alike)) {
        for (const row of await this.#membersNamed(some)) {
          const member = toMember(row)
          if ('problem' in member) continue
          const known = permissions.get(row.group_name) ?? new Set()
          permissions.set(row.group_name, new Set([...known, ...member.permissions]))
        }
      }
    }
    return [...permissions]
      .map(([group, all]) => ({ group, permissions: all }))
      .sort((one, other) => (one.group < other.group ? -1 : 1))
  }

  /** @param names names of one kind and one claim */
  #membersNamed(names: readonly MemberName[]) {
    const [first] = names
    return this.#db.scans
      .selectFrom('group_member')
      .selectAll()
      .where('tenant', '=', this.#tenant)
      .where('kind', '=', first?.kind ?? '')
      .where('claim', '=', first?.kind === 'claim' ? first.claim : '')
      .where(
        'id',
        'in',
        names.map(({ id }) => id),
      )
      .execute()
  }

  updateGroup<Step extends GroupStep>(
    name: string,
    plan: (group: Group | Unreadable | undefined, owned: Owned) => Step,
  ): Promise<Step> {
    return transact(this.#db.writes, async (trx) => {
      // Every writer of the model takes this lock first, so the group stays as it is read here, and nobody gives it a client.
      await lockNumbers(trx, this.#tenant, 'change')
      const step = plan(await loadGroup(trx, this.#tenant, name), await ownedBy(trx, this.#tenant, name))
      const { group, event } = step
      if (event === undefined) return step
      if (group === undefined)
        await trx.deleteFrom('group').where('tenant', '=', this.#tenant).where('name', '=', name).execute()
      else await this.#put(trx, group)
      await announce(trx, this.#tenant, this.#clock, [{ kind: 'group', id: name }])
      await this.#audit.appendWithin(trx, [event])
      return step
    })
  }

  async #put(trx: Kysely<Schema>, { name, members, ...group }: Group): Promise<void> {
    const now = this.#clock.now()
    const description = group.description ?? null
    await trx
      .insertInto('group')
      .values({ tenant: this.#tenant, name, description, created_at: now, updated_at: now })
      .onConflict((conflict) => conflict.columns(['tenant', 'name']).doUpdateSet({ description, updated_at: now }))
      .execute()
    await trx.deleteFrom('group_member').where('tenant', '=', this.#tenant).where('group_name', '=', name).execute()
    const rows = members.map((member) => ({ tenant: this.#tenant, group_name: name, ...fromMember(member) }))
    for (const part of inParts(rows)) await trx.insertInto('group_member').values(part).execute()
  }
}

async function loadGroup(db: Kysely<Schema>, tenant: TenantId, name: string): Promise<Group | Unreadable | undefined> {
  const row = await db
    .selectFrom('group')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('name', '=', name)
    .executeTakeFirst()
  if (row === undefined) return undefined
  const group = toGroup(row)
  if ('problem' in group) return group
  const rows = await db
    .selectFrom('group_member')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('group_name', '=', name)
    .execute()
  const members = toListed<GroupMember | Unreadable>(rows.map(toMember))
  const [lost] = members.unreadable
  return lost === undefined ? { ...group, members: inOrder(members.found) } : lost
}

async function ownedBy(db: Kysely<Schema>, tenant: TenantId, owner: string): Promise<Owned> {
  const clients = db
    .selectFrom('client_use')
    .select('client_id')
    .where('tenant', '=', tenant)
    .where('owner', '=', owner)
  const apis = db.selectFrom('api').select('audience').where('tenant', '=', tenant).where('owner', '=', owner)
  return { clients: await countAtMost(db, clients), apis: await countAtMost(db, apis) }
}

/** A member that can be deleted. */
type Deletable = Extract<MemberName, { readonly kind: 'account' | 'client' }>

/** The names of the groups that name a member. */
export async function groupNamesOf(
  db: Kysely<Schema>,
  tenant: TenantId,
  { kind, id }: Deletable,
): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('group_member')
    .select('group_name')
    .where('tenant', '=', tenant)
    .where('kind', '=', kind)
    .where('claim', '=', '')
    .where('id', '=', id)
    .orderBy('group_name')
    .execute()
  return rows.map(({ group_name: name }) => name)
}

/** The groups that name a member. */
export async function groupsNaming(
  db: Kysely<Schema>,
  tenant: TenantId,
  member: Deletable,
): Promise<readonly (Group | Unreadable)[]> {
  const groups: (Group | Unreadable)[] = []
  for (const name of await groupNamesOf(db, tenant, member)) {
    const group = await loadGroup(db, tenant, name)
    if (group !== undefined) groups.push(group)
  }
  return groups
}

/** Removes a member from every group. @param heir takes its place, unless it is a member itself */
export async function leaveGroups(
  trx: Kysely<Schema>,
  tenant: TenantId,
  { kind, id }: Deletable,
  heir?: string,
): Promise<void> {
  const left = await trx
    .deleteFrom('group_member')
    .where('tenant', '=', tenant)
    .where('kind', '=', kind)
    .where('claim', '=', '')
    .where('id', '=', id)
    .returningAll()
    .execute()
  if (heir === undefined) return
  for (const row of left)
    await trx
      .insertInto('group_member')
      .values({ ...row, id: heir })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
}
