import { isDeepStrictEqual } from 'node:util'
import type { ChangedThing } from '../../audit/changes.ts'
import type { Client, UnreadableClient } from '../../model/client.ts'
import type { ClientId } from '../../oauth/ids.ts'
import { FieldError, type UserError } from '../../platform/user-error.ts'
import { withAdminApi } from '../authority/all-apis.ts'
import { requireOver } from '../authority/authority.ts'
import { requireClientRights } from '../authority/client-rights.ts'
import { referableApis } from '../authority/referable.ts'
import { requireFreeSubjects } from '../authority/subject-rights.ts'
import { recordedBy } from '../context.ts'
import type { MakingContext } from '../credentials/make.ts'
import { findLargerClient } from '../extent.ts'
import { clientChange, credentialChanges } from '../fields.ts'
import { findDangling, refuseFirst } from '../manifest/check.ts'
import { NewSecrets } from '../manifest/new-secrets.ts'
import type { GeneratedSecret } from '../manifest/plan.ts'
import { planClient } from '../manifest/plan-client.ts'
import { type Claim, requireOwnership } from '../ownership.ts'
import { type ClientInput, toClient } from '../schemas/client.ts'
import { untilCommitted } from './until-committed.ts'

interface PutInput extends Pick<Claim, 'takeOver'> {
  readonly id: ClientId
  /**
   * The client as it is to be. It is called with the present client, in each attempt.
   * @throws UserError to refuse the change
   */
  readonly wanted: (before: Client | UnreadableClient | undefined) => ClientInput
  /** Shows generated secrets before the client is written. If it throws, nothing is written. */
  readonly show?: (generated: readonly GeneratedSecret[]) => void
}

/** A client that was written, and the secrets that were generated for it. */
export interface PutClient {
  readonly client: Client
  readonly isNew: boolean
  readonly generated: readonly GeneratedSecret[]
}

/**
 * Creates or replaces a client. A new client gets its credentials with it. The credentials of an existing client are changed by
 * verbs of their own. A manifest does not stand in the way of a change that only disables or enables its client.
 * @throws FieldError; NotAllowed if the resulting client has a right that the author may not give; OwnedByManifest; Conflict if others keep changing
 *   the model; the errors of `wanted`
 */
export async function putClient(
  context: MakingContext,
  { id, wanted, takeOver, show = () => {} }: PutInput,
): Promise<PutClient> {
  const secrets = new NewSecrets(context.random)
  let isShown = false
  let made: { readonly input: ClientInput; readonly planned: Awaited<ReturnType<typeof planNew>> } | undefined
  /** Another attempt does not hash the same secrets again. */
  const planOnce = async (input: ClientInput) => {
    if (made !== undefined && isDeepStrictEqual(made.input, input)) return made.planned
    made = { input, planned: await planNew(context, input, secrets) }
    return made.planned
  }
  return untilCommitted(async () => {
    const model = await context.store.model.snapshot([id])
    const before = model.clients.get(id) ?? model.unreadableClients.get(id)
    const input = wanted(before)
    const apis = withAdminApi(model.apis.values(), model.unreadableApis)
    const referable = referableApis(context.authority, before, apis)
    refuseFirst(findDangling({ manifest: { apis: [], clients: [input] }, errorAt }, () => referable))
    const planned =
      before === undefined
        ? await planOnce(input)
        : { client: replaced(before, input, context.clock.now()), generated: [] }
    const { generated } = planned
    const client: Client = takeOver ? { ...planned.client, manifest: undefined } : planned.client
    requireClientRights(context.authority, before, client, apis)
    if (before === undefined) await requireFreeSubjects(context.authority, [id], context.store.model)
    refuseFirst(findLargerClient(before, client, (path, message) => new FieldError(path, message)))
    if (client.credentials.all.length > 0 && before === undefined)
      requireOver(context.authority, 'credentials:write', client.owner)
    const changes = [clientChange(before, client), ...credentialChanges(id, before?.credentials, client.credentials)]
    const isNew = before === undefined
    if (changes.every((change) => change === undefined)) return { client, isNew, generated }
    if (!changes.every(isSwitch))
      requireOwnership(context, { kind: 'client', id, manifest: before?.manifest }, { takeOver })
    if (!isShown && generated.length > 0) show(generated)
    isShown = true
    const type = isNew ? 'client.add' : 'client.change'
    const event = recordedBy(context, { type, clientId: id, detail: { enabled: client.enabled }, changes })
    if (await context.store.model.commit(model.version, { apis: [], clients: [client], event }))
      return { client, isNew, generated }
    return undefined
  })
}

/** Whether a change does no more than disable or enable the client, which a manifest respects. */
const isSwitch = (change: ChangedThing | undefined): boolean =>
  Object.keys(change?.after ?? {}).every((field) => field === 'enabled' || field === 'disabledAt')

/** The error about a field of the only client of a manifest. */
const errorAt = ([, , ...path]: readonly PropertyKey[], message: string): UserError => new FieldError(path, message)

async function planNew(context: MakingContext, input: ClientInput, secrets: NewSecrets) {
  return planClient(input, undefined, {
    maker: context,
    secrets,
    origin: 'command',
    secretOf: ({ secret }) => ({ secret }),
    dryRun: false,
    errorAt: (path, message) => new FieldError(path, message),
    refuse: refuseFirst,
  })
}

/** An existing client with other settings. Its credentials stay, and a manifest does not undo what an operator has ended. */
function replaced(before: Client | UnreadableClient, input: ClientInput, now: number): Client {
  if (input.credentials.length > 0)
    throw new FieldError(['credentials'], 'of an existing client are changed by requests of their own: leave them out')
  const after = toClient(input)
  const known = before.ended === 'unreadable' ? undefined : before.ended
  const { disabledAt, ...others } = known ?? {}
  const wasEnabled = 'problem' in before ? true : before.enabled
  const endedAt = after.enabled ? undefined : (disabledAt ?? (wasEnabled ? now : undefined))
  const ended = { ...others, ...(endedAt !== undefined && { disabledAt: endedAt }) }
  return {
    ...after,
    manifest: before.manifest,
    credentials: before.credentials,
    ...(Object.keys(ended).length > 0 && { ended }),
  }
}
