import type { Api } from '../../model/api.ts'
import type { ApiSet } from '../../model/api-set.ts'
import { isValueOf } from '../../model/scope-patterns.ts'
import type { Audience } from '../../oauth/ids.ts'
import type { Unreadable } from '../../platform/unreadable.ts'
import { FieldError, NotAllowed } from '../../platform/user-error.ts'
import { withAdminApi } from '../authority/all-apis.ts'
import { mayOver, requireEverywhere, requireOver } from '../authority/authority.ts'
import { type ManagementContext, recordedBy } from '../context.ts'
import { apiChange } from '../fields.ts'
import { refuseDangling, refuseRespelled } from '../manifest/check.ts'
import { type ApiInput, toApi } from '../schemas/api.ts'
import { untilCommitted } from './until-committed.ts'

interface PutInput {
  readonly audience: Audience
  /**
   * The API as it is to be. It is called with the present API, in each attempt.
   * @throws UserError to refuse the change
   */
  readonly wanted: (before: Api | Unreadable | undefined) => ApiInput
}

/** An API that was written. */
interface PutApi {
  readonly api: Api
  readonly isNew: boolean
}

/**
 * Creates or replaces an API.
 * @throws FieldError; NotAllowed; Conflict if others keep changing the model; the errors of `wanted`
 */
export async function putApi(context: ManagementContext, { audience, wanted }: PutInput): Promise<PutApi> {
  return untilCommitted(async () => {
    const model = await context.store.model.snapshot([])
    const before = model.apis.get(audience) ?? model.unreadableApis.find(({ id }) => id === audience)
    const input = wanted(before)
    const api = toApi(input)
    const parsed = { manifest: { apis: [input], clients: [] }, errorAt }
    refuseRespelled(parsed, withAdminApi(model.apis.values(), model.unreadableApis))
    const others = [...model.apis.values()].filter((other) => other.audience !== audience)
    const apis = withAdminApi([...others, api], model.unreadableApis)
    refuseDangling(parsed, apis)
    requireApiRights(context, before, api, apis)
    const change = apiChange(before, api)
    const isNew = before === undefined
    if (change === undefined) return { api, isNew }
    const type = isNew ? 'api.add' : 'api.change'
    const event = recordedBy(context, { type, detail: { api: audience }, changes: [change] })
    const isCommitted = await context.store.model.commit(model.version, { apis: [api], clients: [], event })
    return isCommitted ? { api, isNew } : undefined
  })
}

/** The error about a field of the only API of a manifest. */
const errorAt = ([, , ...path]: readonly PropertyKey[], message: string) => new FieldError(path, message)

/**
 * Refuses an API that its author may not write. A member of a group may not give it a scope that another owner's API has: requests
 * for that scope would become ambiguous, and clients that have it everywhere would have it here. Nor may it be common to all clients.
 * @throws NotAllowed
 */
function requireApiRights(
  { authority }: ManagementContext,
  before: Api | Unreadable | undefined,
  after: Api,
  apis: ApiSet,
): void {
  if (before !== undefined && 'problem' in before) requireEverywhere(authority, 'apis:write')
  const known = before === undefined || 'problem' in before ? undefined : before
  if (known !== undefined) requireOver(authority, 'apis:write', known.owner)
  requireOver(authority, 'apis:write', after.owner)
  if (authority.everywhere.has('apis:write')) return
  for (const scope of after.scopes) {
    if (known?.scopes.some((one) => one.name === scope.name && one.common === scope.common)) continue
    if (scope.common)
      throw new NotAllowed(
        `${JSON.stringify(scope.name)} is common to all clients: this takes the permission apis:write`,
      )
    const other = apis.all.find(
      (api) =>
        api.audience !== after.audience &&
        !mayOver(authority, 'apis:write', api.owner) &&
        api.scopes.some((one) => one.name === scope.name || isValueOf(scope.name, one) || isValueOf(one.name, scope)),
    )
    if (other !== undefined)
      throw new NotAllowed(`${JSON.stringify(scope.name)} is a scope of ${other.audience}, which another group owns`)
  }
}
