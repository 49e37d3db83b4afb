import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { loadOptions } from '../config/load.ts'
import { readAuthorities, resolveMasterKeys, resolveStorageAccess } from '../config/resolve.ts'
import type { Options } from '../config/schema.ts'
import type { CredentialMaker } from '../credentials/make.ts'
import { developmentStorage } from '../dev/options.ts'
import { MasterKey } from '../keys/master-key.ts'
import { rotationPolicy } from '../keys/schedule.ts'
import { systemClock } from '../platform/clock.ts'
import { systemRandom } from '../platform/random.ts'
import { AddressRules } from '../remote-keys/addresses.ts'
import { JsonFetcher } from '../remote-keys/fetch-json.ts'
import { proxyOf } from '../remote-keys/proxy.ts'
import { refuseUrl } from '../remote-keys/url.ts'
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
  const location = options.storage ?? developmentStorage(options.data)
  const store = await openStore(location, systemClock, resolveStorageAccess(options))
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

/** What commands make credentials with. */
export const credentialMaker = ({ options, store }: Opened): CredentialMaker => ({
  clock: systemClock,
  random: systemRandom,
  encrypt: async (plaintext, context) =>
    masterKeyOf(options).encrypt(plaintext, context, await store.keys.masterKeyInUse()),
  refuseUrl: (url) => refuseUrl(url, new AddressRules(options.outbound.allow)),
})

/** What fetches keys of clients and of outside issuers, as the server does. */
export const keyFetcher = ({ outbound }: Options): JsonFetcher =>
  new JsonFetcher({
    addresses: new AddressRules(outbound.allow),
    proxy: proxyOf(outbound),
    ca: outbound.ca === undefined ? undefined : [readAuthorities('outbound.ca', outbound.ca)],
  })

/** What the commands on keys work with. */
export const keyOperations = async ({ options, store }: Opened) => ({
  store: store.keys,
  masterKey: masterKeyOf(options),
  policy: rotationPolicy(options.keys, await store.revocations.longestLifetime()),
  clock: systemClock,
  random: systemRandom,
})
