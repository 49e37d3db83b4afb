import { isDeepStrictEqual } from 'node:util'
import type { ModelSnapshot } from '../../model/store.ts'
import { ATTEMPTS } from '../../model/store.ts'
import { Audience, ClientId } from '../../oauth/ids.ts'
import { Conflict } from '../../platform/user-error.ts'
import { withAdminApi } from '../authority/all-apis.ts'
import { requireApiRights } from '../authority/api-rights.ts'
import { type Authority, mayOver, requireOver } from '../authority/authority.ts'
import { requireClientRights } from '../authority/client-rights.ts'
import { recordedBy } from '../context.ts'
import type { MakingContext } from '../credentials/make.ts'
import { apiChange, clientChange, credentialChanges } from '../fields.ts'
import { findLosses } from './losses.ts'
import { NewSecrets } from './new-secrets.ts'
import type { Plan } from './plan.ts'
import { planManifest } from './plan-manifest.ts'
import type { ParsedManifest } from './reading/parse.ts'

interface ApplyInput {
  readonly parsed: ParsedManifest
  readonly env: Readonly<Record<string, string | undefined>>
  /** The origin of new credentials; `sample` if only `tessera dev` may accept them. */
  readonly origin?: 'manifest' | 'sample'
  /** Whether to plan only, and write nothing. */
  readonly dryRun: boolean
  /** The version of the model that the plan must stand on; undefined for any. */
  readonly version?: number
  /**
   * Shows a plan with new secrets before it is written. If it throws, the error is passed on and nothing is written. Without it,
   * the caller shows the returned plan.
   */
  readonly show?: (plan: Plan) => void
}

/**
 * Makes the model match a manifest, in one transaction.
 * @returns the plan that was carried out, or would be
 * @throws ManifestError, with nothing written, if the manifest does not fit the model; NotAllowed if a resulting client or API has a right
 *   that the author may not give; Conflict
 */
export async function applyManifest(
  context: MakingContext,
  { parsed, env, dryRun, version, origin = 'manifest', show = () => {} }: ApplyInput,
): Promise<Plan> {
  const { model: store } = context.store
  const ids = parsed.manifest.clients.map((client) => ClientId(client.client_id))
  const secrets = new NewSecrets(context.random)
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const model = await store.snapshot(ids)
    if (version !== undefined && model.version !== version)
      throw new Conflict('clients or APIs have changed since the plan was made: plan again')
    refuseHidden(context.authority, parsed, model)
    const planned = await planManifest(parsed, model, {
      authority: context.authority,
      maker: context,
      env,
      secrets,
      origin,
    })
    const plan = { ...planned, losses: await findLosses(planned, model, store, context.clock.now()) }
    requireManifestRights(context, plan, model)
    if (dryRun) return plan
    secrets.showOnce(plan, show)
    if (plan.apis.length === 0 && plan.clients.length === 0) return plan
    const event = recordedBy(context, {
      type: 'manifest.apply',
      detail: { apis: plan.apis.map((api) => api.audience), clients: plan.clients.map((client) => client.id) },
      changes: changesOf(plan, model),
    })
    if (await store.commit(model.version, { apis: plan.apis, clients: plan.clients, event })) return plan
  }
  throw new Conflict('others kept changing clients or APIs, and nothing was written: try again')
}

const changesOf = ({ apis, clients }: Plan, model: ModelSnapshot) => [
  ...apis.map((after) => {
    const { audience } = after
    return apiChange(model.apis.get(audience) ?? model.unreadableApis.find(({ id }) => id === audience), after)
  }),
  ...clients.flatMap((after) => {
    const before = model.clients.get(after.id) ?? model.unreadableClients.get(after.id)
    return [clientChange(before, after), ...credentialChanges(after.id, before?.credentials, after.credentials)]
  }),
]

/**
 * Refuses a manifest that names what its author may not see. Otherwise the steps of a plan would tell whether a guess of it is right.
 * @throws Conflict
 */
function refuseHidden(
  authority: Authority,
  { manifest }: Pick<ParsedManifest, 'manifest'>,
  { apis, unreadableApis, clients, unreadableClients }: ModelSnapshot,
): void {
  for (const { audience } of manifest.apis) {
    const api = apis.get(Audience(audience))
    const isThere = api !== undefined || unreadableApis.some(({ id }) => id === audience)
    if (isThere && !mayOver(authority, 'apis:read', api?.owner))
      throw new Conflict(`the audience ${JSON.stringify(audience)} is taken`)
  }
  for (const id of manifest.clients.map((client) => ClientId(client.client_id))) {
    const client = clients.get(id)
    const isThere = client !== undefined || unreadableClients.has(id)
    if (isThere && !mayOver(authority, 'clients:read', client?.owner))
      throw new Conflict(`the client id ${JSON.stringify(id)} is taken`)
  }
}

/** Checks each resulting client and API as a change of it alone would be. @throws NotAllowed */
function requireManifestRights({ authority }: MakingContext, plan: Plan, model: ModelSnapshot): void {
  const latest = new Map([...model.apis, ...plan.apis.map((api) => [api.audience, api] as const)])
  const apis = withAdminApi(latest.values(), model.unreadableApis)
  for (const api of plan.apis) {
    const before = model.apis.get(api.audience) ?? model.unreadableApis.find(({ id }) => id === api.audience)
    requireApiRights(authority, before, api, apis)
  }
  for (const client of plan.clients) {
    const before = model.clients.get(client.id) ?? model.unreadableClients.get(client.id)
    requireClientRights(authority, before, client, apis)
    const isChanged = !isDeepStrictEqual(before?.credentials.all, client.credentials.all)
    if (isChanged) requireOver(authority, 'credentials:write', client.owner)
    const isRemoved = before?.credentials.all.some(({ id }) => !client.credentials.all.some((one) => one.id === id))
    if (isRemoved) requireOver(authority, 'credentials:delete', client.owner)
  }
}
