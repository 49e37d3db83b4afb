import { AddressRules } from '../client-auth/remote-jwks/addresses.ts'
import { refuseUrl } from '../client-auth/remote-jwks/url.ts'
import type { MasterKey } from '../crypto/master-key.ts'
import type { CredentialMaker } from '../management/credentials/make.ts'
import type { Store } from '../store/tables/sql-store.ts'
import type { Dependencies } from './environment.ts'

/** The dependencies of new credentials in a server. */
export function credentialMaker(
  { config, clock, random }: Pick<Dependencies, 'config' | 'clock' | 'random'>,
  { keys }: Pick<Store, 'keys'>,
  masterKey: MasterKey,
): CredentialMaker {
  const addresses = new AddressRules(config.outbound.allow)
  return {
    clock,
    random,
    encrypt: async (plaintext, context) => masterKey.encrypt(plaintext, context, await keys.masterKeyInUse()),
    refuseUrl: (url) => refuseUrl(url, addresses),
  }
}
