import { isDeepStrictEqual } from 'node:util'
import type { Api } from '../../model/api.ts'
import { ApiSet } from '../../model/api-set.ts'
import type { Client, UnreadableClient } from '../../model/client.ts'
import { type Credential, isValid } from '../../model/credentials/credential.ts'
import { allClients, type ModelSnapshot, type ModelStore } from '../../model/store.ts'
import { heldAt } from '../../policy/held.ts'
import type { Loss, Plan } from './plan.ts'

/**
 * Finds the losses that a plan causes, in the order of its steps.
 * @param renamed the former client of each renamed one @param now milliseconds
 */
export async function findLosses(
  plan: Pick<Plan, 'apis' | 'clients' | 'deleted'>,
  renamed: ReadonlyMap<string, Client>,
  model: ModelSnapshot,
  store: Pick<ModelStore, 'listClients' | 'lastUses'>,
  now: number,
): Promise<readonly Loss[]> {
  const latest = new Map([...model.apis, ...plan.apis.map((api) => [api.audience, api] as const)])
  const apis = new ApiSet([...latest.values()])
  const changes = plan.clients.flatMap((after) => {
    const before = model.clients.get(after.id) ?? renamed.get(after.id)
    return before === undefined ? [] : [{ before, after }]
  })
  const ends = plan.clients.flatMap((after) => {
    const before = model.clients.get(after.id) ?? model.unreadableClients.get(after.id) ?? renamed.get(after.id)
    return before === undefined ? [] : endsOf(before, after, now)
  })
  const isRenamed = new Set([...renamed.values()].map(({ id }) => id))
  const gone = plan.deleted.clients.flatMap((id) => (isRenamed.has(id) ? [] : (model.clients.get(id) ?? [])))
  const uses = await store.lastUses(ends.map(({ credential }) => credential.id))
  const ended = Map.groupBy(
    ends.map((end) => ({ ...end, lastUsedAt: uses.get(end.credential.id) })),
    ({ clientId }) => clientId,
  )
  return [
    ...plan.deleted.apis.map((audience) => ({ kind: 'api' as const, audience })),
    ...(await Promise.all(
      gone.map(async ({ id, credentials }) => ({
        kind: 'client' as const,
        clientId: id,
        lastUsedAt: await lastUse(credentials.all, store),
      })),
    )),
    ...plan.apis.flatMap((api) => apiOwnerLoss(model.apis.get(api.audience), api)),
    ...(await apiLosses(plan.apis, model, store)),
    ...changes.flatMap(({ before, after }): Loss[] => [
      ...ownerLoss(before, after),
      ...(before.enabled && !after.enabled ? [{ kind: 'disabled', clientId: after.id } as const] : []),
      ...scopeLosses(before, after, apis),
      ...(ended.get(after.id) ?? []),
    ]),
  ]
}

function ownerLoss({ owner: before }: Client, { id, owner: after }: Client): readonly Loss[] {
  return before === undefined || before === after ? [] : [{ kind: 'owner', clientId: id, before, after }]
}

function apiOwnerLoss(api: Api | undefined, { audience, owner: after }: Api): readonly Loss[] {
  const before = api?.owner
  return before === undefined || before === after ? [] : [{ kind: 'api owner', audience, before, after }]
}

/** The valid credentials that the plan ends sooner, and that no other credential of the client continues. */
function endsOf(before: Client | UnreadableClient, after: Client, now: number) {
  const valid = (client: Pick<Client, 'credentials'>) =>
    client.credentials.all.filter((credential) => isValid(credential, now))
  const alive = valid(after)
  return valid(before).flatMap((credential) => {
    const heirs = alive.filter((one) => one.id === credential.id || proofOf(one) === proofOf(credential))
    const endsAt = heirs.map(({ expiresAt }) => expiresAt)
    if (endsAt.includes(undefined)) return []
    const last = Math.max(...endsAt.map((time) => time ?? 0))
    if (heirs.length > 0 && credential.expiresAt !== undefined && last >= credential.expiresAt) return []
    return [
      {
        kind: 'credential' as const,
        clientId: after.id,
        credential,
        endsAt: heirs.length > 0 ? last : undefined,
      },
    ]
  })
}

/** A text that identifies the secret, keys, certificate or trust of a credential. Equal credentials have equal texts. */
function proofOf(credential: Credential): string {
  switch (credential.kind) {
    case 'secret':
      return JSON.stringify(credential.hash)
    case 'keys':
      return JSON.stringify([credential.source, credential.algorithm])
    case 'certificate':
      return JSON.stringify(credential.matcher)
    case 'federated':
      return JSON.stringify(credential.trust)
  }
}

/** The scopes that changed APIs give to fewer clients, each with the number of clients that lose it. */
async function apiLosses(
  changed: readonly Api[],
  { apis }: ModelSnapshot,
  store: Pick<ModelStore, 'listClients' | 'lastUses'>,
): Promise<readonly Loss[]> {
  const narrowed = changed.flatMap((after) => {
    const before = apis.get(after.audience)
    return before === undefined || hasAllOf(before, after) ? [] : [{ before, after }]
  })
  if (narrowed.length === 0) return []
  const involved = new ApiSet(narrowed.flatMap(({ before, after }) => [before, after]))
  const losing = narrowed.map(() => new Map<string, { clients: number; first: Client[] }>())
  for await (const client of allClients(store)) {
    if ('problem' in client) continue
    for (const [index, { before, after }] of narrowed.entries()) {
      const had = heldAt(client, before, involved)
      const has = heldAt(client, after, involved)
      for (const scope of had) {
        if (has.has(scope)) continue
        const known = losing[index]?.get(scope) ?? { clients: 0, first: [] }
        known.clients += 1
        if (known.first.length < MOST_ASKED) known.first.push(client)
        losing[index]?.set(scope, known)
      }
    }
  }
  const losses: Loss[] = []
  for (const [index, { before }] of narrowed.entries()) {
    for (const [scope, { clients, first }] of losing[index] ?? []) {
      const examples = first.slice(0, MOST_EXAMPLES).map(({ id }) => id)
      const lastUsedAt = await lastUse(
        first.flatMap(({ credentials }) => credentials.all),
        store,
      )
      losses.push({ kind: 'api scope', audience: before.audience, scope, clients, examples, lastUsedAt })
    }
  }
  return losses
}

/** The clients of a scope whose last use is looked up, and those that are named. */
const MOST_ASKED = 100
const MOST_EXAMPLES = 5

/** The last use of any of these credentials, in milliseconds; undefined if none was used. */
async function lastUse(credentials: readonly Credential[], store: Pick<ModelStore, 'lastUses'>) {
  const uses = await store.lastUses(credentials.map(({ id }) => id))
  return uses.size === 0 ? undefined : Math.max(...uses.values())
}

/** Whether an API keeps all its scopes, for the same clients. If so, its clients need not be checked. */
const hasAllOf = (before: Api, after: Api): boolean =>
  before.scopes.every(({ description: _, ...scope }) =>
    after.scopes.some(({ description: __, ...other }) => isDeepStrictEqual(scope, other)),
  )

/** The scopes that a client loses at APIs that still have them. */
function scopeLosses(before: Client, after: Client, apis: ApiSet): readonly Loss[] {
  const fields = ['scopes', 'grants', 'restrictScopes'] as const
  if (fields.every((field) => isDeepStrictEqual(before[field], after[field]))) return []
  return apis.all.flatMap((api) => {
    const has = heldAt(after, api, apis)
    const lost = [...heldAt(before, api, apis)].filter((scope) => !has.has(scope))
    return lost.map((scope) => ({ kind: 'client scope' as const, clientId: after.id, audience: api.audience, scope }))
  })
}
