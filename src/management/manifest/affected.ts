import type { Client } from '../../model/client.ts'
import type { ModelDeletions, ModelSnapshot, ModelStore, OwnedThing } from '../../model/store.ts'
import { Audience, ClientId } from '../../oauth/ids.ts'
import { Conflict, NotAllowed } from '../../platform/user-error.ts'
import { clientsReferringTo, MOST_CLIENTS } from '../apis/find-clients.ts'
import { mayOver } from '../authority/authority.ts'
import type { ManagementContext } from '../context.ts'
import type { ParsedManifest } from './reading/parse.ts'
import { findRenames, type Renames } from './renames.ts'

/** The part of the model that a manifest changes. */
interface Affected {
  readonly model: ModelSnapshot
  readonly renames: Renames
  readonly pruned: ModelDeletions
  readonly others: readonly Client[]
}

/** The things that are read at a time. */
const AT_ONCE = 1_000

/**
 * Reads the part of the model that a manifest changes: the things that it names, those that it owned, and the clients that use its old
 * names. @returns undefined if the model changed meanwhile @throws Conflict if more than `MOST_CLIENTS` clients use an old name
 */
export async function findAffected(
  { store: { model: store }, authority }: ManagementContext,
  parsed: ParsedManifest,
  prune: boolean,
): Promise<Affected | undefined> {
  const { names, apis, clients } = parsed.manifest
  const named = new Set(
    clients.flatMap(({ client_id: id, renamed_from: from }) => [id, ...(from === undefined ? [] : [from])]),
  )
  const audiences = new Set<string>(apis.flatMap(({ audience, renamed_from: from }) => [audience, from ?? audience]))
  const first = await store.snapshot([...named].map(ClientId))
  const owned = prune ? await ownedBy(store, names) : []
  const pruned = {
    apis: owned.flatMap(({ kind, id }) => (kind === 'api' && !audiences.has(id) ? [Audience(id)] : [])),
    clients: owned.flatMap(({ kind, id }) => (kind === 'client' && !named.has(id) ? [ClientId(id)] : [])),
  }
  const renames = findRenames(parsed, first, authority)
  const gone = new Set<string>([...named, ...pruned.clients])
  const referring = new Set<ClientId>()
  for (const { before } of renames.apis) {
    const all = await clientsReferringTo(store, before)
    if (all.length > MOST_CLIENTS)
      throw new Conflict(`more than ${MOST_CLIENTS} clients use ${before.audience}, so that it can't get other names`)
    for (const id of all) if (!gone.has(id)) referring.add(id)
  }
  await refuseUsed(store, first, pruned, gone)
  if (pruned.clients.length === 0 && referring.size === 0) return { model: first, renames, pruned, others: [] }
  const model = await store.snapshot([...[...named].map(ClientId), ...pruned.clients, ...referring])
  if (model.version !== first.version) return undefined
  const others = [...referring].flatMap((id) => model.clients.get(id) ?? [])
  const foreign = others.filter(({ owner }) => !mayOver(authority, 'clients:write', owner))
  if (foreign.length > 0)
    throw new NotAllowed(`${foreign.length} clients that you may not change use an API that gets other names`)
  return { model, renames, pruned, others }
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

/** Refuses to end an API that clients outside of the manifest use. @throws Conflict */
async function refuseUsed(
  store: Pick<ModelStore, 'listReferences'>,
  { apis, unreadableApis }: ModelSnapshot,
  pruned: ModelDeletions,
  gone: ReadonlySet<string>,
): Promise<void> {
  for (const audience of pruned.apis) {
    const api = apis.get(audience) ?? unreadableApis.find(({ id }) => id === audience)
    if (api === undefined) continue
    const users = (await clientsReferringTo(store, api)).filter((id) => !gone.has(id))
    if (users.length > 0)
      throw new Conflict(
        `${JSON.stringify(audience)} is no longer in the manifest, but ${users.length === 1 ? '1 client outside of it refers' : `${users.length} clients outside of it refer`} to it: take it out of them first`,
      )
  }
}
