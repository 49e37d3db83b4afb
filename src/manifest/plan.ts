import { isDeepStrictEqual } from 'node:util'
import { type Credential, toCredentials } from '../credentials/credential.ts'
import { CredentialError, type CredentialMaker } from '../credentials/make.ts'
import { type Api, ApiSet } from '../directory/api.ts'
import type { Client } from '../directory/client.ts'
import { readSecret } from '../input/secret.ts'
import { ClientId } from '../oauth/ids.ts'
import { refuseDangling, warnings } from './check.ts'
import { toApi, toClient } from './convert.ts'
import { planCredential } from './credentials.ts'
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
  const revoked: string[] = []
  for (const [index, wanted] of parsed.manifest.clients.entries()) {
    const existing = model.clients.get(ClientId(wanted.client_id))
    const secretOf = (credential: ManifestCredential, at: number) => {
      const { secret, secret_env: name } = credential
      if (name === undefined) return secret
      const given = env[name]
      const mend = (message: string) => parsed.errorAt(['clients', index, 'credentials', at, 'secret_env'], message)
      if (given === undefined || given === '') throw mend(`the environment has no ${name}`)
      const read = readSecret(given)
      if (read.secret === undefined) throw mend(`the secret in ${name} ${read.fault}`)
      return read.secret
    }
    const planned = await planClient(wanted, existing, maker, secretOf, (path, message) =>
      parsed.errorAt(['clients', index, ...path], message),
    )
    clients.push(planned.client)
    generated.push(...planned.generated)
    for (const at of planned.revoked) {
      revoked.push(
        parsed.errorAt(
          ['clients', index, 'credentials', at],
          'was revoked, and stays so: give another secret or key, or take it back with tessera credentials remove',
        ).message,
      )
    }
  }
  const apiSteps = apis.map((api) => step('api', api.audience, model.apis.get(api.audience), api))
  const clientSteps = clients.map((client) => step('client', client.id, model.clients.get(client.id), client))
  return {
    steps: [...apiSteps, ...clientSteps],
    apis: apis.filter((_, index) => apiSteps[index]?.action !== 'unchanged'),
    clients: clients.filter((_, index) => clientSteps[index]?.action !== 'unchanged'),
    generated,
    warnings: [...warnings(parsed), ...revoked],
  }
}

interface PlannedClient {
  readonly client: Client
  readonly generated: readonly GeneratedSecret[]
  /** Which of the credentials, by their places in the manifest, are refused whatever it says. */
  readonly revoked: readonly number[]
}

async function planClient(
  wanted: ManifestClient,
  existing: Client | undefined,
  maker: CredentialMaker,
  secretOf: (credential: ManifestCredential, index: number) => string | undefined,
  errorAt: (path: readonly PropertyKey[], message: string) => Error,
): Promise<PlannedClient> {
  const id = ClientId(wanted.client_id)
  const before = existing?.credentials.all ?? []
  const generated: GeneratedSecret[] = []
  const planned: Credential[] = []
  for (const [index, credential] of wanted.credentials.entries()) {
    const secret = secretOf(credential, index)
    const siblings = [...before, ...planned]
    const plan = await planCredential(maker, credential, secret, siblings).catch((error: unknown) => {
      if (!(error instanceof CredentialError)) throw error
      throw errorAt(['credentials', index, ...(error.field === undefined ? [] : [error.field])], error.message)
    })
    planned.push(plan.credential)
    if (plan.generated !== undefined) generated.push({ clientId: id, label: credential.label, secret: plan.generated })
  }
  // Those that a command has made are not the manifest's to remove.
  const others = before.filter(({ origin }) => origin === 'command')
  return {
    client: { ...toClient(wanted), credentials: toCredentials([...planned, ...others]) },
    generated,
    revoked: [...planned.keys()].filter((at) => planned[at]?.revokedAt !== undefined),
  }
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
  if (!('credentials' in thing)) return { ...thing }
  const { credentials, ...rest } = thing
  const byId = credentials.all.map(({ id, label, expiresAt }) => ({ id, label, expiresAt }))
  return { ...rest, credentials: byId.sort((one, other) => (one.id < other.id ? -1 : 1)) }
}
