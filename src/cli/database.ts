import { hash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { operatorOf } from '../audit/operator.ts'
import { AddressRules } from '../client-auth/remote-jwks/addresses.ts'
import { JsonFetcher } from '../client-auth/remote-jwks/fetch-json.ts'
import { proxyOf } from '../client-auth/remote-jwks/proxy.ts'
import { refuseUrl } from '../client-auth/remote-jwks/url.ts'
import { readAuthorities } from '../config/certificate.ts'
import { resolveMasterKeys, resolveStorageAccess } from '../config/resolve.ts'
import type { Options } from '../config/schema.ts'
import { MasterKey } from '../crypto/master-key.ts'
import { rotationPolicy } from '../keys/schedule.ts'
import { FULL } from '../management/authority/authority.ts'
import type { MakingContext } from '../management/credentials/make.ts'
import type { KeyContext } from '../management/keys/context.ts'
import { statedReason } from '../management/stated-reason.ts'
import { DEFAULT_TENANT } from '../oauth/ids.ts'
import { systemClock } from '../platform/clock.ts'
import { systemRandom } from '../platform/random.ts'
import { openExistingStore } from '../store/open.ts'
import { explainDatabase } from '../store/problems.ts'
import type { Store } from '../store/tables/sql-store.ts'
import { readSettings } from './settings.ts'

/** The configuration and the open database of a command. */
export interface Opened {
  readonly options: Options
  readonly store: Store
}

/**
 * Opens the configured database, or else that of `tessera dev`, runs `work`, and closes it.
 * @param otherWays to name a target, for the message if none is named
 * @throws UserError if it does not exist, can't be used, or lacks migrations: these commands neither create nor migrate one
 */
export async function withDatabase<Result>(
  configFile: string | undefined,
  work: (opened: Opened) => Promise<Result>,
  otherWays?: string,
): Promise<Result> {
  const { options, location } = readSettings(configFile, otherWays)
  return inWordsOf(location, async () => {
    const store = await openExistingStore(location, systemClock, resolveStorageAccess(options))
    try {
      return await work({ options, store })
    } finally {
      await store.close()
    }
  })
}

/** Runs `work`. @throws UserError in our words if the database can't be used */
export async function inWordsOf<Result>(location: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw explainDatabase(error, location)
  }
}

/** The configured master key, or else that of `tessera dev`. @throws ConfigError if neither exists */
export function masterKeyOf(options: Options): MasterKey {
  const development = join(options.data, 'master.key')
  const isConfigured = options.master_key !== undefined || options.master_key_file !== undefined
  const usesDevelopment = !isConfigured && options.storage === undefined && existsSync(development)
  const { masterKey, previousMasterKey } = resolveMasterKeys(
    usesDevelopment ? { ...options, master_key_file: development } : options,
  )
  return new MasterKey(masterKey, systemRandom, previousMasterKey)
}

/** The words of a command about its changes. */
export interface Stated {
  /** The text of `--reason`. */
  readonly reason?: string | undefined
  /** The contents of the files of a manifest. */
  readonly manifest?: readonly string[]
}

const sha256Of = (content: string): string => hash('sha256', content)

/** The context of a command's changes. @throws UserError if the stated reason is too long, or has several lines */
export const managementContext = ({ options, store }: Opened, { reason, manifest }: Stated = {}): MakingContext => ({
  actor: operatorOf(manifest === undefined ? 'command' : 'manifest', undefined, manifest?.map(sha256Of)),
  statedReason: reason === undefined ? undefined : statedReason(reason),
  authority: FULL,
  tenant: DEFAULT_TENANT,
  clock: systemClock,
  random: systemRandom,
  store,
  encrypt: async (plaintext, context) =>
    masterKeyOf(options).encrypt(plaintext, context, await store.keys.masterKeyInUse()),
  refuseUrl: (url) => refuseUrl(url, new AddressRules(options.outbound.allow)),
  inTurn: (work) => work(),
})

/** Fetches keys of clients and of outside issuers by the same rules as the server. */
export const keyFetcher = ({ outbound }: Options): JsonFetcher =>
  new JsonFetcher({
    addresses: new AddressRules(outbound.allow),
    proxy: proxyOf(outbound),
    ca: outbound.ca === undefined ? undefined : [readAuthorities('outbound.ca', outbound.ca)],
  })

/** The context of the commands on keys. */
export const keyContext = async (opened: Opened, stated: Stated = {}): Promise<KeyContext> => ({
  ...managementContext(opened, stated),
  masterKey: masterKeyOf(opened.options),
  policy: rotationPolicy(opened.options.keys, await opened.store.revocations.longestLifetime()),
})

/** The settings of the server, as far as the configuration names them, for the tests of a manifest. */
export const serverOf = ({ options: { issuer, token } }: Opened) => ({ issuer, defaultLifetime: token.lifetime })
