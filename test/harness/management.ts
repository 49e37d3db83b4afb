import { operator } from '../../src/audit/actor.ts'
import type { MasterKey } from '../../src/crypto/master-key.ts'
import { FULL } from '../../src/management/authority/authority.ts'
import type { ManagementContext } from '../../src/management/context.ts'
import type { MakingContext } from '../../src/management/credentials/make.ts'
import { DEFAULT_TENANT } from '../../src/oauth/ids.ts'
import type { Clock } from '../../src/platform/clock.ts'
import { systemRandom } from '../../src/platform/random.ts'

/** The operator that changes the model in tests. */
export const ALICE = operator('alice', 'build-7', 'command')

/** The context of changes by `ALICE`. Retrievable secrets are encrypted under the master key, as in an empty database. */
export const contextOf = (
  store: ManagementContext['store'],
  clock: Clock,
  masterKey: MasterKey,
): MakingContext & { readonly masterKey: MasterKey } => ({
  actor: ALICE,
  authority: FULL,
  tenant: DEFAULT_TENANT,
  clock,
  random: systemRandom,
  store,
  masterKey,
  encrypt: async (plaintext, context) => masterKey.encrypt(plaintext, context, await store.keys.masterKeyInUse()),
  refuseUrl: () => undefined,
  inTurn: (work) => work(),
})
