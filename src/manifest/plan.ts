import { isDeepStrictEqual } from 'node:util'
import { type Api, ApiSet } from '../directory/api.ts'
import type { Client } from '../directory/client.ts'
import { ClientId } from '../oauth/ids.ts'
import { refuseDangling, warnings } from './check.ts'
import { toApi, toClient } from './convert.ts'
import { type CredentialMaker, planCredential, sharedSalt } from './credentials.ts'
import type { ParsedManifest } from './parse.ts'
import type { ManifestClient, ManifestCredential } from './schema.ts'
import type { ModelSnapshot } from './store.ts'

/** What is done to one API or client. */
interface Step {
  readonly action: 'create' | 'update' | 'unchanged'
  readonly kind: 'api' | 'client'
  readonly id: string
  /** The fields that differ, for an update. */
  readonly fields: readonly string[]
}

/** A secret that was made for a client; nothing but this tells it. */
interface GeneratedSecret {
  readonly clientId: ClientId
  readonly label: string
  readonly secret: string
}

/** What applying a manifest will do. */
export interface Plan {
  readonly steps: readonly Step[]
  readonly apis: readonly Api[]
  readonly clients: readonly Client[]
  readonly generated: readonly GeneratedSecret[]
  /** What may be applied, and won't do what was meant. */
  readonly warnings: readonly string[]
}

/**
 * Compares a manifest with the model. What the manifest doesn't name stays as it is; what it names becomes exactly what
 * it says.
 * @param env where `secret_env` is looked up
 * @throws ManifestError where a client refers to what isn't there
 */
export async function planManifest(
  parsed: ParsedManifest,
  model: ModelSnapshot,
  maker: CredentialMaker,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Plan> {
  const apis = parsed.manifest.apis.map(toApi)
  const all = new ApiSet([...new Map([...model.apis, ...apis.map((api) => [api.audience, api] as const)]).values()])
  refuseDangling(parsed, all)
  const generated: GeneratedSecret[] = []
  const clients: Client[] = []
  for (const [index, wanted] of parsed.manifest.clients.entries()) {
    const existing = model.clients.get(ClientId(wanted.client_id))
    const secretOf = (credential: ManifestCredential, at: number) => {
      const { secret, secret_env: name } = credential
      if (name === undefined) return secret
      const path = ['clients', index, 'credentials', at, 'secret_env']
      const value = env[name]
      if (value === undefined || value === '') throw parsed.errorAt(path, `the environment has no ${name}`)
      return value
    }
    const planned = await planClient(wanted, existing, maker, secretOf)
    clients.push(planned.client)
    generated.push(...planned.generated)
  }
  const apiSteps = apis.map((api) => step('api', api.audience, model.apis.get(api.audience), api))
  const clientSteps = clients.map((client) => step('client', client.id, model.clients.get(client.id), client))
  return {
    steps: [...apiSteps, ...clientSteps],
    apis: apis.filter((_, index) => apiSteps[index]?.action !== 'unchanged'),
    clients: clients.filter((_, index) => clientSteps[index]?.action !== 'unchanged'),
    generated,
    warnings: warnings(parsed),
  }
}

async function planClient(
  wanted: ManifestClient,
  existing: Client | undefined,
  maker: CredentialMaker,
  secretOf: (credential: ManifestCredential, index: number) => string | undefined,
): Promise<{ readonly client: Client; readonly generated: readonly GeneratedSecret[] }> {
  const id = ClientId(wanted.client_id)
  const salt = sharedSalt(existing?.secrets ?? [], maker.random)
  const generated: GeneratedSecret[] = []
  const secrets = []
  for (const [index, credential] of wanted.credentials.entries()) {
    const same = existing?.secrets.find((secret) => secret.label === credential.label)
    const planned = await planCredential(maker, credential, secretOf(credential, index), same, salt)
    secrets.push(planned.credential)
    if (planned.generated !== undefined)
      generated.push({ clientId: id, label: credential.label, secret: planned.generated })
  }
  return { client: { ...toClient(wanted), secrets }, generated }
}

/** What differs, by the names of the fields; the order of credentials says nothing. */
function step<Thing extends Api | Client>(
  kind: Step['kind'],
  id: string,
  existing: Thing | undefined,
  wanted: Thing,
): Step {
  if (existing === undefined) return { action: 'create', kind, id, fields: [] }
  const before = comparable(existing)
  const after = comparable(wanted)
  const fields = Object.keys(after).filter((field) => !isDeepStrictEqual(before[field], after[field]))
  return { action: fields.length === 0 ? 'unchanged' : 'update', kind, id, fields }
}

function comparable(thing: Api | Client): Record<string, unknown> {
  if (!('secrets' in thing)) return { ...thing }
  const { secrets, ...rest } = thing
  const byLabel = secrets.map(({ id, label, expiresAt }) => ({ id, label, expiresAt }))
  return { ...rest, credentials: byLabel.sort((one, other) => (one.label < other.label ? -1 : 1)) }
}
