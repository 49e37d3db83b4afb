import { isDeepStrictEqual } from 'node:util'
import type { AuditEvent } from '../../audit/event.ts'
import type { ModelSnapshot } from '../../model/store.ts'
import { ATTEMPTS } from '../../model/store.ts'
import { Audience, ClientId } from '../../oauth/ids.ts'
import { Conflict, NotAllowed } from '../../platform/user-error.ts'
import { hiddenApi, hiddenClient } from '../authority/absent.ts'
import { withAdminApi } from '../authority/all-apis.ts'
import { requireApiRights, requireOverApi } from '../authority/api-rights.ts'
import { type Authority, mayOver, requireOver, seesAll } from '../authority/authority.ts'
import { requireClientRights, requireOverClient } from '../authority/client-rights.ts'
import { requireFreeSubjects } from '../authority/subject-rights.ts'
import { recordedBy } from '../context.ts'
import type { MakingContext } from '../credentials/make.ts'
import { apiChange, clientChange, credentialChanges } from '../fields.ts'
import { findAffected } from './affected.ts'
import { groupChanges } from './group-changes.ts'
import { apisAfter, findLosses } from './losses.ts'
import { NewSecrets } from './new-secrets.ts'
import type { Plan } from './plan.ts'
import { planManifest } from './plan-manifest.ts'
import type { ParsedManifest } from './reading/parse.ts'
import { type Consent, failedTests, refuseUnconsented } from './refused.ts'
import type { Renames } from './renames.ts'
import type { SecretSource } from './secret-source.ts'
import { runTests, type TestResult } from './tests/run.ts'
import { stateAfter } from './tests/state.ts'

export interface ApplyInput extends Consent {
  readonly parsed: ParsedManifest
  readonly source: SecretSource
  /** The origin of new credentials; `sample` if only `tessera dev` may accept them. */
  readonly origin?: 'manifest' | 'sample'
  /**
   * Whether to plan only, and write nothing. An author who sees every client and API needs no right to change them then. Secrets that the
   * source does not have, or that the author may not set, are not compared.
   */
  readonly dryRun: boolean
  /** Whether to delete what the manifests own and no longer name. */
  readonly prune?: boolean
  /** Whether to take things from other manifests, and from people. */
  readonly takeOver?: boolean
  /** The settings of the server, for the tests of the manifest. Without an issuer, no test can run. The lifetime is in seconds. */
  readonly server: { readonly issuer: string | undefined; readonly defaultLifetime: number }
  /** More facts for the event. */
  readonly detail?: AuditEvent['detail']
  /** Called with each plan that is to be written. @throws UserError to refuse it */
  readonly check?: (plan: Plan) => void
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
 *   that the author may not give; PlanRefused if the plan needs a consent that was not given; Conflict
 */
export async function applyManifest(context: MakingContext, input: ApplyInput): Promise<Plan> {
  const { model: store } = context.store
  const { parsed, source, dryRun, prune = false, takeOver = false, origin = 'manifest' } = input
  const { check = () => {}, show = () => {} } = input
  refuseServed(context, parsed)
  const secrets = new NewSecrets(context.random)
  const onlySees = dryRun && seesAll(context.authority)
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const affected = await findAffected(context, parsed, { prune, onlySees })
    if (affected === undefined) continue
    const { model, ...others } = affected
    refuseHidden(context.authority, parsed, model)
    const means = { context, maker: context, source, secrets, origin, dryRun, takeOver }
    const planned = await planManifest(parsed, model, { ...means, ...others })
    const { renames, users } = others
    const { authority, clock } = context
    const losses = await findLosses(planned, { model, renames, users, store, authority, now: clock.now() })
    const tests = await testResults(context, input, planned, model)
    const plan = { ...planned, losses, tests }
    if (!onlySees) {
      requireManifestRights(context, plan, model, renames)
      const added = plan.clients.map(({ id }) => id).filter((id) => clientBefore(model, id) === undefined)
      await requireFreeSubjects(authority, added, store)
    }
    if (dryRun) return plan
    check(plan)
    refuseUnconsented(plan, input)
    secrets.showOnce(plan, show)
    const { apis, clients, deleted } = plan
    if (apis.length + clients.length + deleted.apis.length + deleted.clients.length === 0) return plan
    const event = recordedBy(context, {
      type: 'manifest.apply',
      detail: {
        apis: apis.map((api) => api.audience),
        clients: clients.map((client) => client.id),
        ...(deleted.apis.length > 0 && { deletedApis: deleted.apis }),
        ...(deleted.clients.length > 0 && { deletedClients: deleted.clients }),
        ...(takeOver && { takeOver }),
        ...(input.allowDestroy && { allowDestroy: true }),
        ...(failedTests(plan).length > 0 && { failedTests: failedTests(plan).slice(0, MOST_NAMED) }),
        ...input.detail,
      },
      changes: [...changesOf(plan, model, renames), ...(await groupChanges(context.store.groups, deleted))],
    })
    if (await store.commit(model.version, { apis, clients, deleted, event })) return plan
  }
  throw new Conflict('others kept changing clients or APIs, and nothing was written: try again')
}

/** The failed tests that an event names. */
const MOST_NAMED = 50

/** Runs the tests of a manifest in the state that would be. @throws Mistakes; UserError if the server has no issuer */
async function testResults(
  { authority, store, clock }: MakingContext,
  { parsed, server: { issuer, defaultLifetime } }: ApplyInput,
  plan: Pick<Plan, 'apis' | 'clients' | 'deleted'>,
  model: ModelSnapshot,
): Promise<readonly TestResult[]> {
  if (parsed.manifest.tests.length === 0) return []
  if (issuer === undefined)
    throw parsed.errorAt(['tests'], 'need the issuer of the server, which the configuration does not name')
  const apis = withAdminApi(apisAfter(plan, model.apis).values(), model.unreadableApis)
  const changed = { apis, clients: plan.clients, deleted: plan.deleted.clients, authority }
  return runTests(parsed, stateAfter(changed, store.directory), { issuer, defaultLifetime, clock })
}

const apiBefore = ({ apis, unreadableApis }: ModelSnapshot, audience: string) =>
  apis.get(Audience(audience)) ?? unreadableApis.find(({ id }) => id === audience)

const clientBefore = ({ clients, unreadableClients }: ModelSnapshot, id: ClientId) =>
  clients.get(id) ?? unreadableClients.get(id)

function changesOf({ apis, clients, deleted }: Plan, model: ModelSnapshot, renames: Renames) {
  const none = { all: [], unreadable: [] }
  return [
    ...apis.map((after) => apiChange(apiBefore(model, after.audience), after)),
    ...clients.flatMap((after) => {
      const before = clientBefore(model, after.id)
      const former = before === undefined ? renames.clients.get(after.id) : undefined
      const credentials = (before ?? former)?.credentials
      return [clientChange(before, after), ...credentialChanges(after.id, credentials, after.credentials, former?.id)]
    }),
    ...deleted.apis.map((audience) => apiChange(apiBefore(model, audience), undefined)),
    ...deleted.clients.flatMap((id) => {
      const before = clientBefore(model, id)
      // Those of a renamed client are compared with its heir's.
      const ended = deleted.heirs?.has(id) ? [] : credentialChanges(id, before?.credentials, none)
      return [clientChange(before, undefined), ...ended]
    }),
  ]
}

/** Refuses a manifest of a name that this server keeps from its files, which would undo the change. @throws Conflict */
function refuseServed({ servedManifests }: MakingContext, { manifest: { names } }: ParsedManifest): void {
  const served = names.find((name) => servedManifests?.has(name))
  if (served !== undefined)
    throw new Conflict(`the manifest ${JSON.stringify(served)} is kept by the files of this server: change it there`)
}

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
    if (isThere && !mayOver(authority, 'apis:read', api?.owner)) throw hiddenApi(audience)
  }
  for (const id of manifest.clients.map((client) => ClientId(client.client_id))) {
    const client = clients.get(id)
    const isThere = client !== undefined || unreadableClients.has(id)
    if (isThere && !mayOver(authority, 'clients:read', client?.owner)) throw hiddenClient(id)
  }
}

/** Checks each resulting client and API as a change of it alone would be. @throws NotAllowed */
function requireManifestRights({ authority }: MakingContext, plan: Plan, model: ModelSnapshot, renames: Renames): void {
  const apis = withAdminApi(apisAfter(plan, model.apis).values(), model.unreadableApis)
  for (const api of plan.apis) {
    const former = renames.apis.find(({ audience }) => audience === api.audience)?.before
    naming(`api ${api.audience}`, () =>
      requireApiRights(authority, apiBefore(model, api.audience) ?? former, api, apis),
    )
  }
  for (const client of plan.clients) {
    const before = clientBefore(model, client.id) ?? renames.clients.get(client.id)
    naming(`client ${client.id}`, () => {
      requireClientRights(authority, before, client, apis)
      const isChanged = !isDeepStrictEqual(before?.credentials.all, client.credentials.all)
      if (isChanged) requireOver(authority, 'credentials:write', client.owner)
      const isRemoved = before?.credentials.all.some(({ id }) => !client.credentials.all.some((one) => one.id === id))
      if (isRemoved) requireOver(authority, 'credentials:delete', client.owner)
    })
  }
  for (const audience of plan.deleted.apis) {
    const api = apiBefore(model, audience)
    if (api !== undefined) naming(`api ${audience}`, () => requireOverApi(authority, 'apis:delete', api))
  }
  for (const id of plan.deleted.clients) {
    const client = clientBefore(model, id)
    if (client !== undefined) naming(`client ${id}`, () => requireOverClient(authority, 'clients:delete', client))
  }
}

/** Names the part of a manifest that its author may not write: a manifest has many. @throws NotAllowed */
function naming(part: string, check: () => void): void {
  try {
    check()
  } catch (error) {
    throw error instanceof NotAllowed ? new NotAllowed(`${part}: ${error.message}`) : error
  }
}
