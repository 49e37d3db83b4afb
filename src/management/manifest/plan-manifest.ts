import { isDeepStrictEqual } from 'node:util'
import { readSecret } from '../../input/secret.ts'
import type { Api } from '../../model/api.ts'
import type { Client } from '../../model/client.ts'
import type { ModelSnapshot } from '../../model/store.ts'
import { Audience, ClientId } from '../../oauth/ids.ts'
import type { Unreadable } from '../../platform/unreadable.ts'
import { withAdminApi } from '../authority/all-apis.ts'
import { type Authority, mayOver } from '../authority/authority.ts'
import { referableApis } from '../authority/referable.ts'
import type { CredentialMaker } from '../credentials/make.ts'
import { toApi } from '../schemas/api.ts'
import type { CredentialInput } from '../schemas/credential.ts'
import { findDangling, findRespelled, refuseAll, warnings } from './check.ts'
import type { NewSecrets } from './new-secrets.ts'
import type { GeneratedSecret, Plan, Step } from './plan.ts'
import { planClient } from './plan-client.ts'
import type { ParsedManifest } from './reading/parse.ts'

/** The inputs of a plan besides the manifest and the model. */
interface PlanMeans {
  /** The limits of the author, who learns nothing about APIs that are hidden from them. */
  readonly authority: Authority
  readonly maker: CredentialMaker
  /** The environment in which `secret_env` is looked up. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly secrets: NewSecrets
  readonly origin: 'manifest' | 'command' | 'sample'
}

/**
 * Compares a manifest with the model. APIs and clients that the manifest names become exactly as it describes them. All others stay
 * as they are.
 * @throws ManifestError if a client refers to an API or a scope that does not exist
 */
export async function planManifest(
  parsed: ParsedManifest,
  model: ModelSnapshot,
  { authority, maker, env, secrets, origin }: PlanMeans,
): Promise<Omit<Plan, 'losses'>> {
  refuseAll(findRespelled(parsed, withAdminApi(model.apis.values(), model.unreadableApis)))
  const manifestOf = (audience: string) =>
    (model.apis.get(Audience(audience)) ?? model.unreadableApis.find(({ id }) => id === audience))?.manifest
  const apis = parsed.manifest.apis.map((api) => ({ ...toApi(api), manifest: manifestOf(api.audience) }))
  const replaced = new Map(model.unreadableApis.map((api) => [api.id, api]))
  const unreadable = model.unreadableApis.filter(({ id }) => !apis.some((api) => api.audience === id))
  const after = new Map([...model.apis, ...apis.map((api) => [api.audience, api] as const)])
  const latest = withAdminApi(after.values(), unreadable)
  const present = (id: string) => model.clients.get(ClientId(id)) ?? model.unreadableClients.get(ClientId(id))
  refuseAll(findDangling(parsed, ({ client_id: id }) => referableApis(authority, present(id), latest)))
  const generated: GeneratedSecret[] = []
  const clients: Client[] = []
  const stayingEnded: string[] = []
  for (const [index, wanted] of parsed.manifest.clients.entries()) {
    const existing = present(wanted.client_id)
    const secretOf = (credential: CredentialInput, at: number) => {
      const { secret, secret_env: name } = credential
      if (name === undefined) return secret
      const given = env[name]
      const mistake = (message: string) => parsed.errorAt(['clients', index, 'credentials', at, 'secret_env'], message)
      if (given === undefined || given === '') throw mistake(`the environment has no ${name}`)
      const read = readSecret(given)
      if (read.secret === undefined) throw mistake(`the secret in ${name} ${read.fault}`)
      return read.secret
    }
    const errorAt = (path: readonly PropertyKey[], message: string) =>
      parsed.errorAt(['clients', index, ...path], message)
    const planned = await planClient(wanted, existing, { maker, secrets, origin, secretOf, errorAt })
    clients.push(planned.client)
    generated.push(...planned.generated)
    stayingEnded.push(...planned.stayingEnded)
  }
  const apiSteps = apis.map((api) =>
    step('api', api.audience, model.apis.get(api.audience) ?? replaced.get(api.audience), api),
  )
  const clientSteps = clients.map((client) => step('client', client.id, present(client.id), client))
  // The owner of an API that can't be read is not known.
  const warned = mayOver(authority, 'apis:read', undefined) ? unreadable : []
  return {
    steps: [...apiSteps, ...clientSteps],
    apis: apis.filter((_, index) => apiSteps[index]?.action !== 'unchanged'),
    clients: clients.filter(
      (client, index) =>
        clientSteps[index]?.action !== 'unchanged' || hasOtherEnd(model.clients.get(client.id), client),
    ),
    generated,
    warnings: [...warnings(parsed), ...stayingEnded, ...warned.map(unreadableWarning)],
  }
}

const unreadableWarning = ({ id, problem }: Unreadable): string =>
  `the API ${JSON.stringify(id)} can't be read (${problem}) and is refused: apply a manifest that names it to replace it`

/** The step for one API or client, with the names of the fields that differ. The order of credentials does not matter. */
function step<Thing extends Api | Client>(
  kind: Step['kind'],
  id: string,
  existing: Thing | Unreadable | undefined,
  wanted: Thing,
): Step {
  if (existing === undefined) return { action: 'create', kind, id, fields: [] }
  const before = 'problem' in existing ? {} : comparable(existing)
  const after = comparable(wanted)
  const fields = Object.keys(after).filter((field) => !isDeepStrictEqual(before[field], after[field]))
  return { action: fields.length === 0 ? 'unchanged' : 'update', kind, id, fields }
}

/** Whether the manifest has dropped something that an operator ended. The record of its end is then no longer needed. */
const hasOtherEnd = (existing: Client | undefined, wanted: Client): boolean =>
  existing !== undefined && !isDeepStrictEqual(existing.ended, wanted.ended)

function comparable(thing: Api | Client): Record<string, unknown> {
  if (!('credentials' in thing)) return { ...thing }
  // A manifest has no field for the things that operators have ended.
  const { credentials, ended: _, ...rest } = thing
  const byId = credentials.all.map(({ id, label, expiresAt }) => ({ id, label, expiresAt }))
  const unreadable = credentials.unreadable.map(({ id }) => ({ id }))
  return { ...rest, credentials: [...byId, ...unreadable].sort((one, other) => (one.id < other.id ? -1 : 1)) }
}
