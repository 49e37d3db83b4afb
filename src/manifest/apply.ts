/**
 * The file format of the model, and how a file becomes rows. May import `oauth`, `platform`, `directory`, `secrets`,
 * `audit`, `policy`, `tokens`, `credentials`, `jws`, `federation`,
 * `input`.
 */

import { ownEvent } from '../audit/own-event.ts'
import type { CredentialMaker } from '../credentials/make.ts'
import { ClientId } from '../oauth/ids.ts'
import type { ParsedManifest } from './parse.ts'
import { type Plan, planManifest } from './plan.ts'
import type { ManifestStore } from './store.ts'

/** Others may write between the plan and its commit so often before we give up. */
const ATTEMPTS = 5

interface ApplyOptions {
  readonly store: ManifestStore
  readonly maker: CredentialMaker
  readonly env: Readonly<Record<string, string | undefined>>
  /** Whether to plan only, and write nothing. */
  readonly dryRun: boolean
}

/**
 * Makes the model what a manifest says, in one transaction.
 * @returns what was done, or would be
 * @throws ManifestError and writes nothing, where the manifest doesn't fit the model
 */
export async function applyManifest(
  parsed: ParsedManifest,
  { store, maker, env, dryRun }: ApplyOptions,
): Promise<Plan> {
  const ids = parsed.manifest.clients.map((client) => ClientId(client.client_id))
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const model = await store.snapshot(ids)
    const plan = await planManifest(parsed, model, maker, env)
    if (dryRun || (plan.apis.length === 0 && plan.clients.length === 0)) return plan
    if (
      await store.commit(model.version, {
        apis: plan.apis,
        clients: plan.clients,
        event: ownEvent('manifest.apply', detailOf(plan), maker),
      })
    )
      return plan
  }
  throw new Error('others kept changing the model; try again')
}

const detailOf = ({ apis, clients }: Plan) => ({
  apis: apis.map((api) => api.audience),
  clients: clients.map((client) => client.id),
})
