import type { Api } from '../../model/api.ts'
import type { Audience } from '../../oauth/ids.ts'
import type { Unreadable } from '../../platform/unreadable.ts'
import { FieldError } from '../../platform/user-error.ts'
import { withAdminApi } from '../authority/all-apis.ts'
import { requireApiRights } from '../authority/api-rights.ts'
import { type ManagementContext, recordedBy } from '../context.ts'
import { findLargerApi } from '../extent.ts'
import { apiChange } from '../fields.ts'
import { findRespelled, findUnknownMembers, refuseFirst } from '../manifest/check.ts'
import { type Claim, requireOwnership } from '../ownership.ts'
import { type ApiInput, toApi } from '../schemas/api.ts'
import { untilCommitted } from './until-committed.ts'

interface PutInput extends Pick<Claim, 'takeOver'> {
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
 * @throws FieldError; NotAllowed; OwnedByManifest; Conflict if others keep changing the model; the errors of `wanted`
 */
export async function putApi(context: ManagementContext, { audience, wanted, takeOver }: PutInput): Promise<PutApi> {
  return untilCommitted(async () => {
    const model = await context.store.model.snapshot([])
    const before = model.apis.get(audience) ?? model.unreadableApis.find(({ id }) => id === audience)
    const input = wanted(before)
    const api = { ...toApi(input), manifest: takeOver ? undefined : before?.manifest }
    const parsed = { manifest: { apis: [input], clients: [] }, errorAt }
    refuseFirst(findRespelled(parsed, withAdminApi(model.apis.values(), model.unreadableApis)))
    const others = [...model.apis.values()].filter((other) => other.audience !== audience)
    const apis = withAdminApi([...others, api], model.unreadableApis)
    refuseFirst(findUnknownMembers(parsed))
    requireApiRights(context.authority, before, api, apis)
    refuseFirst(findLargerApi(before, api, (path, message) => new FieldError(path, message)))
    const change = apiChange(before, api)
    const isNew = before === undefined
    if (change === undefined) return { api, isNew }
    requireOwnership(context, { kind: 'API', id: audience, manifest: before?.manifest }, { takeOver })
    const type = isNew ? 'api.add' : 'api.change'
    const event = recordedBy(context, { type, detail: { api: audience }, changes: [change] })
    const isCommitted = await context.store.model.commit(model.version, { apis: [api], clients: [], event })
    return isCommitted ? { api, isNew } : undefined
  })
}

/** The error about a field of the only API of a manifest. */
const errorAt = ([, , ...path]: readonly PropertyKey[], message: string) => new FieldError(path, message)
