import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { loadOptions } from '../config/load.ts'
import { resolveMasterKeys } from '../config/resolve.ts'
import type { Options } from '../config/schema.ts'
import { developmentStorage } from '../dev/options.ts'
import { MasterKey } from '../keys/master-key.ts'
import { rotationPolicy } from '../keys/schedule.ts'
import { systemClock } from '../platform/clock.ts'
import { systemRandom } from '../platform/random.ts'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/sql-store.ts'

/** What a command works on. */
export interface Opened {
  readonly options: Options
  readonly store: Store
}

/** Opens the configured database, else that of `tessera dev`, for as long as `work` takes. */
export async function withDatabase<Result>(
  configFile: string | undefined,
  work: (opened: Opened) => Promise<Result>,
): Promise<Result> {
  const options = loadOptions({ file: configFile, env: process.env })
  const store = await openStore(options.storage ?? developmentStorage(options.data), systemClock)
  try {
    return await work({ options, store })
  } finally {
    await store.close()
  }
}

/** The configured master key, else that of `tessera dev`. @throws ConfigError where there is none */
export function masterKeyOf(options: Options): MasterKey {
  const development = join(options.data, 'master.key')
  const isConfigured = options.master_key !== undefined || options.master_key_file !== undefined
  const usesDevelopment = !isConfigured && options.storage === undefined && existsSync(development)
  const { masterKey, previousMasterKey } = resolveMasterKeys(
    usesDevelopment ? { ...options, master_key_file: development } : options,
  )
  return new MasterKey(masterKey, systemRandom, previousMasterKey)
}

/** What the commands on keys work with. */
export const keyOperations = async ({ options, store }: Opened) => ({
  store: store.keys,
  masterKey: masterKeyOf(options),
  policy: rotationPolicy(options.keys, await store.revocations.longestLifetime()),
  clock: systemClock,
})
