import { withAdminApi } from '../../src/management/authority/all-apis.ts'
import type { MakingContext } from '../../src/management/credentials/make.ts'
import { applyManifest } from '../../src/management/manifest/apply.ts'
import { parseManifest } from '../../src/management/manifest/reading/parse.ts'
import { noSecrets } from '../../src/management/manifest/secret-source.ts'
import { runTests, type TestResult } from '../../src/management/manifest/tests/run.ts'
import { stateAfter } from '../../src/management/manifest/tests/state.ts'
import { TEST_SETTINGS } from './apply-settings.ts'

/** The settings of the server in these tests. */
const SERVER = { issuer: 'https://as.example.com', defaultLifetime: 14_400 }

/** Runs the tests of a manifest against the state that it would make. Nothing is written. */
export async function resultsOf(
  context: MakingContext,
  manifest: string,
  file = 'm.yaml',
): Promise<readonly TestResult[]> {
  const parsed = parseManifest(file, manifest)
  const plan = await applyManifest(context, { parsed, source: noSecrets, server: TEST_SETTINGS, dryRun: true })
  const model = await context.store.model.snapshot([])
  const after = new Map([...model.apis, ...plan.apis.map((api) => [api.audience, api] as const)])
  for (const audience of plan.deleted.apis) after.delete(audience)
  const apis = withAdminApi(after.values(), model.unreadableApis)
  const state = stateAfter(
    { apis, clients: plan.clients, deleted: plan.deleted.clients, authority: context.authority },
    context.store.directory,
  )
  return runTests(parsed, state, { ...SERVER, clock: context.clock })
}
