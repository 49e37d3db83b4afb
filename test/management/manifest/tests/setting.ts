import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'
import { MasterKey } from '../../../../src/crypto/master-key.ts'
import { applyManifest } from '../../../../src/management/manifest/apply.ts'
import { parseManifest } from '../../../../src/management/manifest/reading/parse.ts'
import { noSecrets } from '../../../../src/management/manifest/secret-source.ts'
import { systemRandom } from '../../../../src/platform/random.ts'
import { openStore } from '../../../../src/store/open.ts'
import { TEST_SETTINGS } from '../../../harness/apply-settings.ts'
import { IN_2030, standingClock } from '../../../harness/clock.ts'
import { contextOf } from '../../../harness/management.ts'
import { resultsOf } from '../../../harness/manifest-tests.ts'

/** An empty database, in which manifests are planned. */
export async function openDatabase() {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-manifest-tests-'))
  copyFileSync(inject('emptyDatabase'), join(folder, 'tessera.db'))
  const clock = standingClock(IN_2030)
  const store = await openStore(`sqlite:${join(folder, 'tessera.db')}`, clock)
  const context = contextOf(store, clock, new MasterKey(Buffer.alloc(32, 1), systemRandom))
  return {
    context,
    apply: (manifest: string) =>
      applyManifest(context, {
        parsed: parseManifest('m.yaml', manifest),
        source: noSecrets,
        server: TEST_SETTINGS,
        dryRun: false,
      }),
    /** The differences of each test, such as `scopes read, got read edit`. */
    differences: async (manifest: string) =>
      (await resultsOf(context, manifest)).map(({ differences }) =>
        differences.map(({ expected, got }) => `${expected}, got ${got}`),
      ),
    close: async () => {
      await store.close()
      rmSync(folder, { recursive: true })
    },
  }
}
