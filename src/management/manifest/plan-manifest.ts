import { setImmediate as nextTurn } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Api } from '../../model/api.ts'
import type { Client, UnreadableClient } from '../../model/client.ts'
import type { ModelDeletions, ModelSnapshot } from '../../model/store.ts'
import { Audience, ClientId } from '../../oauth/ids.ts'
import type { Unreadable } from '../../platform/unreadable.ts'
import { MistakeList, type UserError } from '../../platform/user-error.ts'
import type { ApiUsers } from '../apis/find-clients.ts'
import { withAdminApi } from '../authority/all-apis.ts'
import { mayOver } from '../authority/authority.ts'
import { referableApis } from '../authority/referable.ts'
import type { CredentialMaker, MakingContext } from '../credentials/make.ts'
import { type ErrorAt, findLargerApi, findLargerClient } from '../extent.ts'
import { toApi } from '../schemas/api.ts'
import { findDangling, findRespelled, refuseAll, warnings } from './check.ts'
import { changesOfApi, changesOfClient } from './field-changes.ts'
import type { NewSecrets } from './new-secrets.ts'
import type { FieldChange, GeneratedSecret, Plan, Step } from './plan.ts'
import { planClient } from './plan-client.ts'
import { conflictOf } from './planned-owner.ts'
import type { ParsedManifest } from './reading/parse.ts'
import type { Renames } from './renames.ts'
import { newNames } from './renames.ts'
import { hiddenSecretOf, type SecretSource, secretOf } from './secret-source.ts'

/** The inputs of a plan besides the manifest and the model. */
interface PlanMeans {
  /** The author learns nothing about APIs that are hidden from them. */
  readonly context: Pick<MakingContext, 'authority' | 'servedManifests'>
  readonly maker: CredentialMaker
  readonly source: SecretSource
  readonly secrets: NewSecrets
  readonly origin: 'manifest' | 'command' | 'sample'
  readonly dryRun: boolean
  readonly takeOver: boolean
  readonly renames: Renames
  /** The things that the manifests own and no longer name, to be deleted. */
  readonly pruned: ModelDeletions
  /** The clients outside of the manifest that use pruned APIs. */
  readonly users: ReadonlyMap<string, ApiUsers>
  /** Clients that the manifest does not name, and that use an old name. */
  readonly others: readonly Client[]
}

/**
 * Compares a manifest with the model. APIs and clients that the manifest names become exactly as it describes them. All others stay
 * as they are, but for the names that they use.
 * @throws ManifestError if a client refers to an API or a scope that does not exist
 */
export async function planManifest(
  parsed: ParsedManifest,
  model: ModelSnapshot,
  means: PlanMeans,
): Promise<Omit<Plan, 'losses' | 'tests'>> {
  const { context, renames, pruned } = means
  const mistakes = new MistakeList()
  const note = (errors: Iterable<UserError>) => {
    for (const error of errors) mistakes.note(error)
  }
  note(findRespelled(parsed, withAdminApi(model.apis.values(), model.unreadableApis)))
  const apis = plannedApis(parsed, model, means)
  for (const [index, { before, after }] of apis.entries())
    note(findLargerApi(before, after, (path, message) => parsed.errorAt(['apis', index, ...path], message)))
  const replacedApis = new Set([
    ...apis.map(({ after }) => after.audience),
    ...pruned.apis,
    ...formerAudiences(renames),
  ])
  const unreadable = model.unreadableApis.filter(({ id }) => !replacedApis.has(Audience(id)))
  const staying = [...model.apis.values()].filter(({ audience }) => !replacedApis.has(audience))
  const latest = withAdminApi([...staying, ...apis.map(({ after }) => after)], unreadable)
  const present = (id: string) => model.clients.get(ClientId(id)) ?? model.unreadableClients.get(ClientId(id))
  const before = (id: string) => present(id) ?? renames.clients.get(id)
  note(findDangling(parsed, ({ client_id: id }) => referableApis(context.authority, before(id), latest)))
  const { clients, generated, notes } = await plannedClients(parsed, present, { ...means, mistakes })
  mistakes.refuse()
  const rewritten = rewrittenClients(parsed, means, [...model.apis.values()])
  const all = [...apis, ...clients, ...rewritten]
  const changed = all.filter((one) => one.step.action !== 'unchanged')
  // The owner of an API that can't be read is not known.
  const warned = mayOver(context.authority, 'apis:read', undefined) ? unreadable : []
  return {
    steps: [...all.map(({ step }) => step), ...deletions(pruned)],
    apis: apis.filter(({ step }) => step.action !== 'unchanged').map(({ after }) => after),
    clients: [...clients, ...rewritten]
      .filter(({ step, after, before }) => step.action !== 'unchanged' || hasOtherEnd(before, after))
      .map(({ after }) => after),
    deleted: {
      apis: [...pruned.apis, ...formerAudiences(renames)],
      clients: [...pruned.clients, ...[...renames.clients.values()].map(({ id }) => id)],
      heirs: new Map([...renames.clients].map(([id, before]) => [before.id, ClientId(id)])),
    },
    generated,
    conflicts: [...changed.flatMap(({ conflict }) => conflict ?? []), ...usedConflicts(means.users)],
    warnings: [...warnings(parsed), ...notes, ...warned.map(unreadableWarning)],
  }
}

/** One API or client before and after. */
interface Planned<Before, After> {
  readonly before: Before | undefined
  readonly after: After
  readonly step: Step
  /** The reason why it can't be changed: it belongs to somebody else. */
  readonly conflict: string | undefined
}

function plannedApis(
  parsed: ParsedManifest,
  model: ModelSnapshot,
  { context, renames, takeOver }: PlanMeans,
): readonly Planned<Api | Unreadable, Api>[] {
  return parsed.manifest.apis.map((wanted, index) => {
    const present =
      model.apis.get(Audience(wanted.audience)) ?? model.unreadableApis.find(({ id }) => id === wanted.audience)
    const rename = present === undefined ? renames.apis.find(({ audience }) => audience === wanted.audience) : undefined
    const before = present ?? rename?.before
    const owner = ownerAfter(wanted.manifest, before, takeOver)
    const after: Api = { ...toApi(wanted), manifest: owner }
    const changes = before && [
      ...newName('audience', rename?.before.audience, wanted.audience),
      ...changesOfApi(before, after),
    ]
    const step = stepOf('api', wanted.audience, changes, rename?.before.audience)
    const thing = { kind: 'API', id: wanted.audience, manifest: before?.manifest } as const
    const conflict = conflictOf(context, { thing, changes, by: wanted.manifest, takeOver })
    return { before, after, step, conflict: conflict && parsed.errorAt(['apis', index], conflict).message }
  })
}

/** The clients that are planned in one go: some milliseconds. */
const AT_ONCE = 100

interface Noting {
  /** Where the mistakes of all clients go. Such clients are left out. */
  readonly mistakes: MistakeList
}

async function plannedClients(
  parsed: ParsedManifest,
  present: (id: string) => Client | UnreadableClient | undefined,
  { context, maker, secrets, origin, source, dryRun, takeOver, renames, mistakes }: PlanMeans & Noting,
) {
  const clients: Planned<Client | UnreadableClient, Client>[] = []
  const generated: GeneratedSecret[] = []
  const notes: string[] = []
  for (const [index, wanted] of parsed.manifest.clients.entries()) {
    // There may be a hundred thousand clients. Requests are handled between them.
    if (index % AT_ONCE === 0) await nextTurn()
    const former = renames.clients.get(wanted.client_id)
    const before = present(wanted.client_id) ?? former
    const owner = before === undefined || 'problem' in before ? undefined : before.owner
    const isHidden = dryRun && before !== undefined && !mayOver(context.authority, 'credentials:write', owner)
    const planned = await planClient(wanted, before, {
      maker,
      secrets,
      origin,
      dryRun,
      secretOf: (credential, at) =>
        isHidden
          ? hiddenSecretOf(credential)
          : secretOf(credential, { client: index, credential: at }, { parsed, source }),
      errorAt: (path, message) => parsed.errorAt(['clients', index, ...path], message),
      refuse: refuseAll,
    }).catch((error: unknown) => {
      mistakes.note(error)
    })
    if (planned === undefined) continue
    const after: Client = { ...planned.client, manifest: ownerAfter(wanted.manifest, before, takeOver) }
    const errorAt: ErrorAt = (path, message) => parsed.errorAt(['clients', index, ...path], message)
    for (const error of findLargerClient(before, after, errorAt)) mistakes.note(error)
    const changes = before && [...newName('client_id', former?.id, after.id), ...changesOfClient(before, after)]
    const step = stepOf('client', after.id, changes, former?.id)
    const thing = { kind: 'client', id: after.id, manifest: before?.manifest } as const
    const conflict = conflictOf(context, { thing, changes, by: wanted.manifest, takeOver })
    clients.push({ before, after, step, conflict: conflict && parsed.errorAt(['clients', index], conflict).message })
    generated.push(...planned.generated)
    notes.push(...planned.warnings)
  }
  return { clients, generated, notes }
}

/** The clients that the manifest does not name, with the new names that they must use. */
function rewrittenClients(
  { manifest: { names } }: ParsedManifest,
  { context, others, renames, takeOver }: PlanMeans,
  apis: readonly Api[],
): readonly Planned<Client, Client>[] {
  const renamed = newNames(renames.apis, apis)
  return others.flatMap((before) => {
    const rewritten = renamed(before)
    if (rewritten === before) return []
    const by = names.find((name) => name === before.manifest)
    const after = { ...rewritten, manifest: ownerAfter(by, before, takeOver) }
    const changes = changesOfClient(before, after)
    const thing = { kind: 'client', id: before.id, manifest: before.manifest } as const
    const conflict = conflictOf(context, { thing, changes, by, takeOver })
    return [{ before, after, step: stepOf('client', after.id, changes), conflict }]
  })
}

/** The manifest that owns a thing afterwards. One without a name takes nothing from others, unless it takes over. */
const ownerAfter = (
  by: string | undefined,
  before: { readonly manifest?: string | undefined } | undefined,
  takeOver: boolean,
): string | undefined => by ?? (takeOver ? undefined : before?.manifest)

/** The change of an id, which is a change like any other. */
const newName = (field: string, before: string | undefined, after: string): readonly FieldChange[] =>
  before === undefined ? [] : [{ field, before, after }]

const stepOf = (kind: Step['kind'], id: string, changes: readonly FieldChange[] | undefined, from?: string): Step => {
  if (changes === undefined) return { action: 'create', kind, id, changes: [] }
  if (from !== undefined) return { action: 'rename', kind, id, from, changes }
  return { action: changes.length === 0 ? 'unchanged' : 'update', kind, id, changes }
}

const deletions = ({ apis, clients }: ModelDeletions): readonly Step[] => [
  ...apis.map((id) => ({ action: 'delete', kind: 'api', id, changes: [] }) as const),
  ...clients.map((id) => ({ action: 'delete', kind: 'client', id, changes: [] }) as const),
]

/** Why APIs can't end. The author may not see all clients, so that none is named. */
const usedConflicts = (users: PlanMeans['users']): readonly string[] =>
  [...users].map(([audience, { clients }]) => {
    const some = clients === 1 ? '1 client outside of it refers' : `${clients} clients outside of it refer`
    return `the manifest no longer names the API ${JSON.stringify(audience)}, but ${some} to it: take it out of them first`
  })

const formerAudiences = ({ apis }: Renames): readonly Audience[] =>
  apis.filter(({ before, audience }) => before.audience !== audience).map(({ before }) => before.audience)

const unreadableWarning = ({ id, problem }: Unreadable): string =>
  `the API ${JSON.stringify(id)} can't be read (${problem}) and is refused: apply a manifest that names it to replace it`

/** Whether the manifest has dropped something that an operator ended. The record of its end is then no longer needed. */
const hasOtherEnd = (existing: Client | UnreadableClient | undefined, wanted: Client): boolean =>
  existing !== undefined && !('problem' in existing) && !isDeepStrictEqual(existing.ended, wanted.ended)
