import { isDeepStrictEqual } from 'node:util'
import type { Api } from '../../model/api.ts'
import { ApiSet } from '../../model/api-set.ts'
import type { Client, UnreadableClient } from '../../model/client.ts'
import { type Credential, isValid } from '../../model/credentials/credential.ts'
import { allClients, type ModelSnapshot, type ModelStore } from '../../model/store.ts'
import type { Audience, ClientId, CredentialId } from '../../oauth/ids.ts'
import { heldAt } from '../../policy/held.ts'
import type { ApiUsers } from '../apis/find-clients.ts'
import { type Authority, mayOver } from '../authority/authority.ts'
import type { Loss, Plan } from './plan.ts'
import { newNames, type Renames, underNewNames } from './renames.ts'

/** The inputs of losses, besides the plan. */
interface LossMeans {
  readonly model: ModelSnapshot
  readonly renames: Renames
  readonly users: ReadonlyMap<string, ApiUsers>
  readonly store: Pick<ModelStore, 'listClients' | 'lastUses' | 'snapshot'>
  /** The plan names no client that is hidden from its author. */
  readonly authority: Authority
  /** Milliseconds. */
  readonly now: number
}

/** Finds the losses that a plan causes, in the order of its steps. Something that only gets another name is not lost. */
export async function findLosses(
  plan: Pick<Plan, 'apis' | 'clients' | 'deleted'>,
  means: LossMeans,
): Promise<readonly Loss[]> {
  const { model, renames, now } = means
  const renamed = newNames(renames.apis, [...model.apis.values()])
  const apis = new ApiSet([...apisAfter(plan, model.apis).values()])
  const changes = plan.clients.flatMap((after) => {
    const before = model.clients.get(after.id) ?? renames.clients.get(after.id)
    return before === undefined ? [] : [{ before: renamed(before), after }]
  })
  const ends = plan.clients.flatMap((after) => {
    const { clients, unreadableClients } = model
    const before = clients.get(after.id) ?? unreadableClients.get(after.id) ?? renames.clients.get(after.id)
    return before === undefined ? [] : endsOf(before, after, now)
  })
  const gone = plan.deleted.clients.filter((id) => plan.deleted.heirs?.has(id) !== true)
  const usesOf = await lastUses(gone, ends, means)
  const ended = Map.groupBy(
    ends.map((end) => ({ ...end, lastUsedAt: usesOf([end.credential]) })),
    ({ clientId }) => clientId,
  )
  const passed = new Set(renames.apis.map(({ before }) => before.audience))
  const former = formerApis(plan.apis, means)
  return [
    ...(await deletedApiLosses(
      plan.deleted.apis.filter((one) => !passed.has(one)),
      means,
    )),
    ...gone.map((id) => {
      const all = model.clients.get(id)?.credentials.all ?? model.unreadableClients.get(id)?.credentials.all ?? []
      return { kind: 'client' as const, clientId: id, lastUsedAt: usesOf(all) }
    }),
    ...former.flatMap(({ before, after }) => apiOwnerLoss(before, after)),
    ...(await apiLosses(former, renamed, means)),
    ...changes.flatMap(({ before, after }): Loss[] => [
      ...ownerLoss(before, after),
      ...(before.enabled && !after.enabled ? [{ kind: 'disabled', clientId: after.id } as const] : []),
      ...scopeLosses(before, after, apis),
      ...(ended.get(after.id) ?? []),
    ]),
  ]
}

/** The APIs of the model as a plan leaves them. */
export function apisAfter({ apis, deleted }: Pick<Plan, 'apis' | 'deleted'>, before: ModelSnapshot['apis']) {
  const latest = new Map(before)
  for (const audience of deleted.apis) latest.delete(audience)
  for (const api of apis) latest.set(api.audience, api)
  return latest
}

/** Each changed API, with its former state under its new names. */
function formerApis(changed: readonly Api[], { model, renames }: Pick<LossMeans, 'model' | 'renames'>) {
  const renamed = new Map(renames.apis.map((rename) => [rename.audience, rename]))
  return changed.flatMap((after) => {
    const rename = renamed.get(after.audience)
    const before = rename === undefined ? model.apis.get(after.audience) : underNewNames(rename)
    return before === undefined ? [] : [{ before, after }]
  })
}

/** Looks up the last uses of all credentials that end. @returns a function of some of them, in milliseconds */
async function lastUses(
  gone: readonly ClientId[],
  ends: readonly { readonly credential: Credential }[],
  { model, store }: Pick<LossMeans, 'model' | 'store'>,
) {
  const ofGone = gone.flatMap((id) => model.clients.get(id)?.credentials.all ?? [])
  const uses = await store.lastUses([...ends.map(({ credential }) => credential), ...ofGone].map(({ id }) => id))
  return (credentials: readonly Credential[]): number | undefined => latestOf(credentials, uses)
}

/** The last use of any of these credentials, in milliseconds; undefined if none was used. */
function latestOf(credentials: readonly Credential[], uses: ReadonlyMap<CredentialId, number>): number | undefined {
  const times = credentials.flatMap(({ id }) => uses.get(id) ?? [])
  return times.length === 0 ? undefined : Math.max(...times)
}

function ownerLoss({ owner: before }: Client, { id, owner: after }: Client): readonly Loss[] {
  return before === undefined || before === after ? [] : [{ kind: 'owner', clientId: id, before, after }]
}

function apiOwnerLoss({ owner: before }: Api, { audience, owner: after }: Api): readonly Loss[] {
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

/** The APIs that end, each with the clients that still use it. */
async function deletedApiLosses(
  audiences: readonly Audience[],
  { users, store, authority }: LossMeans,
): Promise<readonly Loss[]> {
  const losses: Loss[] = []
  for (const audience of audiences) {
    const { clients, first } = users.get(audience) ?? { clients: 0, first: [] }
    const asked = first.length === 0 ? [] : [...(await store.snapshot(first)).clients.values()]
    const seen = asked.filter(({ owner }) => mayOver(authority, 'clients:read', owner))
    losses.push({ kind: 'api', audience, clients, ...(await examplesOf(seen, store)) })
  }
  return losses
}

/** The first of some clients, and the last use of any of them. */
async function examplesOf(clients: readonly Client[], store: Pick<ModelStore, 'lastUses'>) {
  const asked = clients.flatMap(({ credentials }) => credentials.all)
  const lastUsedAt = latestOf(asked, await store.lastUses(asked.map(({ id }) => id)))
  return { examples: clients.slice(0, MOST_EXAMPLES).map(({ id }) => id), lastUsedAt }
}

/** The scopes that changed APIs give to fewer clients, each with the number of clients that lose it. */
async function apiLosses(
  changed: ReturnType<typeof formerApis>,
  renamed: (client: Client) => Client,
  { store, authority }: Pick<LossMeans, 'store' | 'authority'>,
): Promise<readonly Loss[]> {
  const narrowed = changed.filter(({ before, after }) => !hasAllOf(before, after))
  if (narrowed.length === 0) return []
  const involved = new ApiSet(narrowed.flatMap(({ before, after }) => [before, after]))
  const losing = narrowed.map(() => new Map<string, { clients: number; first: Client[] }>())
  for await (const present of allClients(store)) {
    if ('problem' in present) continue
    const client = renamed(present)
    const isSeen = mayOver(authority, 'clients:read', client.owner)
    for (const [index, { before, after }] of narrowed.entries()) {
      const had = heldAt(client, before, involved)
      const has = heldAt(client, after, involved)
      for (const scope of had) {
        if (has.has(scope)) continue
        const known = losing[index]?.get(scope) ?? { clients: 0, first: [] }
        known.clients += 1
        if (isSeen && known.first.length < MOST_ASKED) known.first.push(client)
        losing[index]?.set(scope, known)
      }
    }
  }
  const losses: Loss[] = []
  for (const [index, { before }] of narrowed.entries()) {
    for (const [scope, { clients, first }] of losing[index] ?? []) {
      losses.push({ kind: 'api scope', audience: before.audience, scope, clients, ...(await examplesOf(first, store)) })
    }
  }
  return losses
}

/** The clients of a scope whose last use is looked up, and those that are named. */
export const MOST_ASKED = 100
const MOST_EXAMPLES = 5

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
