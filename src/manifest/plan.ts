import { isDeepStrictEqual } from 'node:util'
import { type Credential, type Credentials, toCredentials } from '../credentials/credential.ts'
import { CredentialError, type CredentialMaker } from '../credentials/make.ts'
import { type Api, ApiSet } from '../directory/api.ts'
import type { Client } from '../directory/client.ts'
import { ClientId } from '../oauth/ids.ts'
import type { Unreadable } from '../platform/unreadable.ts'
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
  /** Clients that this disables; their tokens become invalid. */
  readonly disabled: readonly ClientId[]
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
  const replaced = new Map(model.unreadableApis.map((api) => [api.id, api]))
  const unreadable = model.unreadableApis.filter(({ id }) => !apis.some((api) => api.audience === id))
  const after = new Map([...model.apis, ...apis.map((api) => [api.audience, api] as const)])
  refuseDangling(parsed, new ApiSet([...after.values()], unreadable))
  const generated: GeneratedSecret[] = []
  const clients: Client[] = []
  const revoked: string[] = []
  for (const [index, wanted] of parsed.manifest.clients.entries()) {
    const id = ClientId(wanted.client_id)
    const existing = model.clients.get(id) ?? model.unreadableClients.get(id)
    const secretOf = (credential: ManifestCredential, at: number) => {
      const { secret, secret_env: name } = credential
      if (name === undefined) return secret
      const path = ['clients', index, 'credentials', at, 'secret_env']
      const value = env[name]
      if (value === undefined || value === '') throw parsed.errorAt(path, `the environment has no ${name}`)
      return value
    }
    const planned = await planClient(wanted, existing?.credentials, maker, secretOf, (path, message) =>
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
  const apiSteps = apis.map((api) =>
    step('api', api.audience, model.apis.get(api.audience) ?? replaced.get(api.audience), api),
  )
  const clientSteps = clients.map((client) =>
    step('client', client.id, model.clients.get(client.id) ?? model.unreadableClients.get(client.id), client),
  )
  return {
    steps: [...apiSteps, ...clientSteps],
    apis: apis.filter((_, index) => apiSteps[index]?.action !== 'unchanged'),
    clients: clients.filter((_, index) => clientSteps[index]?.action !== 'unchanged'),
    generated,
    disabled: clients
      .filter(({ id, enabled }) => !enabled && model.clients.get(id)?.enabled === true)
      .map(({ id }) => id),
    warnings: [...warnings(parsed), ...revoked, ...unreadable.map(unreadableWarning)],
  }
}

const unreadableWarning = ({ id, problem }: Unreadable): string =>
  `the API ${JSON.stringify(id)} can't be read (${problem}) and is refused: a manifest that names it puts another in its place`

interface PlannedClient {
  readonly client: Client
  readonly generated: readonly GeneratedSecret[]
  /** Which of the credentials, by their places in the manifest, are refused whatever it says. */
  readonly revoked: readonly number[]
}

async function planClient(
  wanted: ManifestClient,
  existing: Credentials | undefined,
  maker: CredentialMaker,
  secretOf: (credential: ManifestCredential, index: number) => string | undefined,
  errorAt: (path: readonly PropertyKey[], message: string) => Error,
): Promise<PlannedClient> {
  const id = ClientId(wanted.client_id)
  const { all: before, unreadable } = existing ?? toCredentials([])
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
  const isOthers = ({ origin }: { readonly origin: string }) => origin === 'command'
  const credentials = toCredentials([...planned, ...before.filter(isOthers)], unreadable.filter(isOthers))
  return {
    client: { ...toClient(wanted), credentials },
    generated,
    revoked: [...planned.keys()].filter((at) => planned[at]?.revokedAt !== undefined),
  }
}

/** What differs, by the names of the fields; the order of credentials says nothing. */
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

function comparable(thing: Api | Client): Record<string, unknown> {
  if (!('credentials' in thing)) return { ...thing }
  const { credentials, ...rest } = thing
  const byId = credentials.all.map(({ id, label, expiresAt }) => ({ id, label, expiresAt }))
  const unreadable = credentials.unreadable.map(({ id }) => ({ id }))
  return { ...rest, credentials: [...byId, ...unreadable].sort((one, other) => (one.id < other.id ? -1 : 1)) }
}
