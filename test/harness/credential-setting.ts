/** A database with its manifests and commands, under a clock that stands still until it is moved. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MasterKey } from '../../src/crypto/master-key.ts'
import type { CredentialMaker } from '../../src/management/credentials/make.ts'
import type { Wanted } from '../../src/management/credentials/operations.ts'
import { applyManifest } from '../../src/management/manifest/apply.ts'
import { parseManifest } from '../../src/management/manifest/parse.ts'
import type { Plan } from '../../src/management/manifest/plan.ts'
import { ClientId } from '../../src/oauth/ids.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { openStore } from '../../src/store/open.ts'
import { IN_2030, standingClock } from './clock.ts'
import { oneApi } from './model.ts'

export const HOUR = 3_600_000
export const DAY = 24 * HOUR

export const JOB = ClientId('job')
/** As a command without options asks for it. */
export const GENERATED: Wanted = { given: undefined, label: undefined, expiresAt: undefined }

/** A manifest of one client, with these credentials. */
export const jobWith = (...credentials: readonly string[]) => `
${oneApi('edit')}
clients: [{ client_id: job, scopes: [edit], credentials: [${credentials.join(', ')}] }]
`

export async function openSetting() {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-credentials-'))
  const storage = `sqlite:${join(folder, 'tessera.db')}`
  const clock = standingClock(IN_2030)
  const store = await openStore(storage, clock)
  const masterKey = new MasterKey(Buffer.alloc(32, 1), systemRandom, undefined)
  const maker: CredentialMaker = {
    clock,
    random: systemRandom,
    encrypt: async (plaintext, context) => masterKey.encrypt(plaintext, context, undefined),
    refuseUrl: () => undefined,
  }
  const used = async () => (await store.credentials.listCredentials(JOB))?.found ?? []
  return {
    clock,
    storage,
    store,
    operations: { store: store.credentials, maker, show: () => {} },
    apply: (manifest: string): Promise<Plan> =>
      applyManifest(parseManifest('test.yaml', manifest), { store: store.manifest, maker, env: {}, dryRun: false }),
    used,
    credentials: async () => (await used()).map(({ credential }) => credential),
    close: async () => {
      await store.close()
      rmSync(folder, { recursive: true })
    },
  }
}

export type Setting = Awaited<ReturnType<typeof openSetting>>
