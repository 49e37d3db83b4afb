/** A database with its manifests and commands, under a clock that moves only when a test moves it. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MasterKey } from '../../src/crypto/master-key.ts'
import type { CredentialSpec } from '../../src/management/credentials/make.ts'
import { applyManifest } from '../../src/management/manifest/apply.ts'
import type { Plan } from '../../src/management/manifest/plan.ts'
import { parseManifest } from '../../src/management/manifest/reading/parse.ts'
import { noSecrets } from '../../src/management/manifest/secret-source.ts'
import { ClientId } from '../../src/oauth/ids.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { openStore } from '../../src/store/open.ts'
import { TEST_SETTINGS } from './apply-settings.ts'
import { IN_2030, standingClock } from './clock.ts'
import { emptyDatabase } from './empty-database.ts'
import { contextOf } from './management.ts'
import { oneApi } from './model.ts'

export const HOUR = 3_600_000
export const DAY = 24 * HOUR

export const JOB = ClientId('job')
/** The spec of a command without options. */
export const GENERATED: CredentialSpec = { proof: undefined, label: undefined, expiresAt: undefined }

/** A manifest of one client, with these credentials. */
export const jobWith = (...credentials: readonly string[]) => `
${oneApi('edit')}
clients: [{ client_id: job, scopes: [edit], credentials: [${credentials.join(', ')}] }]
`

export async function openSetting() {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-credentials-'))
  const storage = emptyDatabase(join(folder, 'tessera.db'))
  const clock = standingClock(IN_2030)
  const store = await openStore(storage, clock)
  const masterKey = new MasterKey(Buffer.alloc(32, 1), systemRandom, undefined)
  const context = contextOf(store, clock, masterKey)
  const used = async () => (await store.credentials.listCredentials(JOB))?.found ?? []
  return {
    clock,
    storage,
    store,
    context,
    apply: (manifest: string): Promise<Plan> =>
      applyManifest(context, {
        parsed: parseManifest('test.yaml', manifest),
        source: noSecrets,
        server: TEST_SETTINGS,
        allowDestroy: true,
        dryRun: false,
      }),
    used,
    credentials: async () => (await used()).map(({ credential }) => credential),
    close: async () => {
      await store.close()
      rmSync(folder, { recursive: true })
    },
  }
}

export type Setting = Awaited<ReturnType<typeof openSetting>>
