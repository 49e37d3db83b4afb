import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { AddressRules } from '../client-auth/remote-jwks/addresses.ts'
import { JsonFetcher } from '../client-auth/remote-jwks/fetch-json.ts'
import { proxyOf } from '../client-auth/remote-jwks/proxy.ts'
import { refuseUrl } from '../client-auth/remote-jwks/url.ts'
import { readAuthorities } from '../config/certificate.ts'
import { resolveMasterKeys, resolveStorageAccess } from '../config/resolve.ts'
import type { Options } from '../config/schema.ts'
import { MasterKey } from '../crypto/master-key.ts'
import { rotationPolicy } from '../keys/schedule.ts'
import type { CredentialMaker } from '../management/credentials/make.ts'
import { systemClock } from '../platform/clock.ts'
import { systemRandom } from '../platform/random.ts'
import { openExistingStore } from '../store/open.ts'
import { explainDatabase } from '../store/problems.ts'
import type { Store } from '../store/tables/sql-store.ts'
import { readSettings } from './settings.ts'

/** What a command works on. */
export interface Opened {
  readonly options: Options
  readonly store: Store
}

/**
 * Opens the configured database, else that of `tessera dev`, for as long as `work` takes.
 * @throws UserError where it does not exist, can't be used, or lacks migrations: no such command makes or migrates one
 */
export async function withDatabase<Result>(
  configFile: string | undefined,
  work: (opened: Opened) => Promise<Result>,
): Promise<Result> {
  const { options, location } = readSettings(configFile)
  return inWordsOf(location, async () => {
    const store = await openExistingStore(location, systemClock, resolveStorageAccess(options))
    try {
      return await work({ options, store })
    } finally {
      await store.close()
    }
  })
}

/** Runs `work`. @throws UserError in our words where the database can't be used */
export async function inWordsOf<Result>(location: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw explainDatabase(error, location)
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
