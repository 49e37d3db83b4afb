import type { Client } from '../../model/client.ts'
import type { ModelDeletions, ModelSnapshot, ModelStore, OwnedThing } from '../../model/store.ts'
import { Audience, ClientId } from '../../oauth/ids.ts'
import { Conflict, NotAllowed } from '../../platform/user-error.ts'
import { type ApiUsers, audienceOf, clientsReferringTo, MOST_CLIENTS, usersOf } from '../apis/find-clients.ts'
import { ownerOf } from '../authority/api-rights.ts'
import { type Authority, mayOver } from '../authority/authority.ts'
import type { ManagementContext } from '../context.ts'
import { MOST_ASKED } from './losses.ts'
import type { ParsedManifest } from './reading/parse.ts'
import { findRenames, type Renames } from './renames.ts'

/** The part of the model that a manifest changes. */
interface Affected {
  readonly model: ModelSnapshot
  readonly renames: Renames
  readonly pruned: ModelDeletions
  /** The clients outside of the manifest that use APIs which would be deleted. APIs without any are left out. */
  readonly users: ReadonlyMap<string, ApiUsers>
  readonly others: readonly Client[]
}

interface Reach {
  /** Whether to delete what the manifests own and no longer name. */
  readonly prune: boolean
  /** Whether the author only sees the plan, and so needs no right to change the other clients. */
  readonly onlySees: boolean
}

/** The things that are read at a time. */
const AT_ONCE = 1_000

/**
 * Reads the part of the model that a manifest changes: the things that it names, those that it owned, and the clients that use its old
 * names.
 * @returns undefined if the model changed meanwhile
 * @throws ManifestError to prune without a name; Conflict if more than `MOST_CLIENTS` clients use an old name
 */
export async function findAffected(
  { store: { model: store }, authority }: ManagementContext,
  parsed: ParsedManifest,
  { prune, onlySees }: Reach,
): Promise<Affected | undefined> {
  const { names, apis, clients } = parsed.manifest
  if (prune && names.length === 0)
    throw parsed.errorAt([], 'has no name, so that it owns nothing to prune: name it, as in manifest: payments')
  const named = new Set<string>(clients.map(({ client_id: id }) => id))
  const former = clients.flatMap(({ renamed_from: from }) => from ?? [])
  const owned = prune ? await ownedBy(store, names) : []
  const ownedClients = owned.flatMap(({ kind, id }) => (kind === 'client' ? [id] : []))
  const read = [...new Set([...named, ...former, ...ownedClients])].map(ClientId)
  const first = await store.snapshot(read)
  const renames = findRenames(parsed, first, authority)
  for (const { id } of renames.clients.values()) named.add(id)
  const audiences = new Set<string>([
    ...apis.map(({ audience }) => audience),
    ...renames.apis.map(({ before }) => before.audience),
  ])
  const pruned = prunable(owned, { names, authority, named, audiences }, first)
  const gone = new Set<string>([...named, ...pruned.clients])
  const users = await usersOfPruned(store, first, pruned, gone)
  const renamed = renames.apis.map(({ before }) => before)
  const referring = renamed.length === 0 ? [] : await clientsReferringTo(store, renamed, gone)
  if (referring.length > MOST_CLIENTS)
    throw new Conflict(`more than ${MOST_CLIENTS} clients outside of the manifest use names that it changes`)
  if (referring.length === 0) return { model: first, renames, pruned, users, others: [] }
  const model = await store.snapshot([...read, ...referring])
  if (model.version !== first.version) return undefined
  const others = referring.flatMap((id) => model.clients.get(id) ?? [])
  if (!onlySees && others.some(({ owner }) => !mayOver(authority, 'clients:write', owner)))
    throw new NotAllowed('clients that you may not change use a name that the manifest changes')
  return { model, renames, pruned, users, others }
}

async function ownedBy(store: Pick<ModelStore, 'ownedBy'>, names: readonly string[]): Promise<readonly OwnedThing[]> {
  const owned: OwnedThing[] = []
  for (const name of names) {
    for (let after: OwnedThing | undefined; ; ) {
      const page = await store.ownedBy(name, after, AT_ONCE)
      owned.push(...page)
      after = page.at(-1)
      if (page.length < AT_ONCE || after === undefined) break
    }
  }
  return owned
}

interface Keeping {
  readonly names: readonly string[]
  readonly authority: Authority
  /** The clients that stay, or pass to others. */
  readonly named: ReadonlySet<string>
  /** The same of APIs. */
  readonly audiences: ReadonlySet<string>
}

/** The owned things that the manifest no longer names. Those that the author may not see are, to them, not there. */
function prunable(
  owned: readonly OwnedThing[],
  { names, authority, named, audiences }: Keeping,
  { apis, unreadableApis, clients, unreadableClients }: ModelSnapshot,
): ModelDeletions {
  const hidden = new Map(unreadableApis.map((api) => [api.id, api]))
  const isOwned = ({ manifest }: { readonly manifest?: string | undefined }) =>
    manifest !== undefined && names.includes(manifest)
  const pruned: { readonly apis: Audience[]; readonly clients: ClientId[] } = { apis: [], clients: [] }
  for (const { kind, id } of owned) {
    if (kind === 'api') {
      const api = apis.get(Audience(id)) ?? hidden.get(id)
      if (api === undefined || audiences.has(id) || !isOwned(api)) continue
      if (mayOver(authority, 'apis:read', ownerOf(api))) pruned.apis.push(Audience(id))
    } else {
      const client = clients.get(ClientId(id)) ?? unreadableClients.get(ClientId(id))
      if (client === undefined || named.has(id) || !isOwned(client)) continue
      const owner = 'problem' in client ? undefined : client.owner
      if (mayOver(authority, 'clients:read', owner)) pruned.clients.push(ClientId(id))
    }
  }
  return pruned
}

/** The clients outside of the manifest that use the APIs which would be deleted. */
async function usersOfPruned(
  store: Pick<ModelStore, 'listReferences'>,
  { apis, unreadableApis }: ModelSnapshot,
  pruned: ModelDeletions,
  gone: ReadonlySet<string>,
): Promise<Affected['users']> {
  const deleted = new Set<string>(pruned.apis)
  const ending = [...apis.values(), ...unreadableApis].filter((api) => deleted.has(audienceOf(api)))
  const users = await usersOf(store, ending, { except: gone, most: MOST_ASKED })
  const found = ending.flatMap((api, index) => {
    const ofApi = users[index]
    return ofApi === undefined || ofApi.clients === 0 ? [] : [[audienceOf(api), ofApi] as const]
  })
  return new Map(found)
}
