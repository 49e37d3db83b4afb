import type { Actor } from '../audit/actor.ts'
import { actorName } from '../audit/actor-name.ts'
import { AddressRules } from '../client-auth/remote-jwks/addresses.ts'
import { refuseUrl } from '../client-auth/remote-jwks/url.ts'
import { FairQueue } from '../client-auth/secrets/fair-queue.ts'
import type { MasterKey } from '../crypto/master-key.ts'
import type { CredentialMaker } from '../management/credentials/make.ts'
import type { Store } from '../store/tables/sql-store.ts'
import type { Dependencies } from './environment.ts'

/**
 * One thread is enough for the hashes of chosen secrets that administrators give. It leaves the others of the pool to clients, whose
 * secrets would otherwise wait for those of a manifest, or of a thousand requests at once.
 */
const QUEUE = { concurrency: 1, waiting: { given: 64 }, turns: ['given'] } as const

/** Makes the dependencies of new credentials in a server, for each author. Slow hashes take turns by author. */
export function credentialMakers(
  { config, clock, random }: Pick<Dependencies, 'config' | 'clock' | 'random'>,
  { keys }: Pick<Store, 'keys'>,
  masterKey: MasterKey,
): (author: Actor) => CredentialMaker {
  const addresses = new AddressRules(config.outbound.allow)
  const queue = new FairQueue<'given'>(QUEUE)
  return (author) => ({
    clock,
    random,
    encrypt: async (plaintext, context) => masterKey.encrypt(plaintext, context, await keys.masterKeyInUse()),
    refuseUrl: (url) => refuseUrl(url, addresses),
    inTurn: (work) => queue.run({ class: 'given', lanes: [actorName(author)] }, work),
  })
}
