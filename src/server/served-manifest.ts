import { operatorOf } from '../audit/operator.ts'
import { MasterKey } from '../crypto/master-key.ts'
import { FULL } from '../management/authority/authority.ts'
import { DEFAULT_TENANT } from '../oauth/ids.ts'
import { one, type Readings } from '../observability/readings.ts'
import type { Store } from '../store/tables/sql-store.ts'
import type { Dependencies } from './environment.ts'
import { credentialMakers } from './making.ts'
import { LOOK_EVERY_MS, ManifestKeeper } from './manifest/keeper.ts'

/**
 * Applies the files of the configured manifest, and then keeps them in force.
 * @returns undefined if none is configured
 * @throws UserError if the files are refused, and the database has no client or API yet
 */
export async function serveManifest(dependencies: Dependencies, store: Store): Promise<ManifestKeeper | undefined> {
  const { config, clock, log, live, random, repeat } = dependencies
  if (config.manifest.length === 0) return undefined
  const masterKey = new MasterKey(config.masterKey, random, config.previousMasterKey)
  const common = { authority: FULL, tenant: DEFAULT_TENANT, store }
  const makerFor = credentialMakers(dependencies, store, masterKey)
  const keeper = new ManifestKeeper({
    names: config.manifest,
    env: process.env,
    clock,
    log,
    changes: store.changes,
    contextOf: (hashes) => {
      const actor = operatorOf('manifest', undefined, hashes)
      return { ...common, ...makerFor(actor), actor }
    },
    key: async () => masterKey.derive('manifest files', await store.keys.masterKeyInUse())[0],
    allowDestroy: () => live.current.manifest_allow_destroy === 'on',
    settings: () => ({ issuer: config.issuer, defaultLifetime: live.current.token.lifetime }),
  })
  await keeper.start(await isEmpty(store))
  repeat({
    every: LOOK_EVERY_MS,
    work: () => keeper.check(),
    failure: 'the files of the manifest could not be compared with the database',
  })
  return keeper
}

const isEmpty = async ({ model }: Store): Promise<boolean> => {
  const { apis, unreadableApis } = await model.snapshot([])
  return apis.size + unreadableApis.length === 0 && (await model.listClients('', 1)).length === 0
}

const NOT_IN_FORCE = 'the files of the manifest are not in force: the log says why'

/** The things to know about the files, one line each. They name no client and no mistake, since anybody may read them. */
export const notesOf = (keeper: ManifestKeeper | undefined): readonly string[] =>
  keeper?.problem === undefined ? [] : [NOT_IN_FORCE]

export function readManifest(keeper: ManifestKeeper | undefined): Readings {
  if (keeper === undefined) return {}
  const { problem, appliedAt } = keeper
  return {
    tessera_manifest_up_to_date: one(problem === undefined ? 1 : 0),
    tessera_manifest_applied_timestamp_seconds: appliedAt === undefined ? [] : one(appliedAt / 1000),
  }
}
