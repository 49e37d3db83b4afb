import type { KeySetConsumer } from '../../keys/consumers.ts'
import type { StoredKey } from '../../keys/store.ts'
import { NotFound } from '../../platform/user-error.ts'
import type { ManagementContext } from '../context.ts'
import { listKeys } from './list.ts'

/** The things that end with a signing key. */
interface KeyEffect {
  readonly key: StoredKey
  /** The key that signs afterwards; undefined if none is there yet, or if the revoked key does not sign. */
  readonly successor: StoredKey | undefined
  /** The time until which its tokens live, all of which end. Milliseconds; undefined if it has signed none that still live. */
  readonly tokensUntil: number | undefined
  /** The consumers that have fetched the key set lately. */
  readonly consumers: readonly KeySetConsumer[]
}

/** Finds out the effect of revoking a key. It changes nothing. @throws NotAllowed; NotFound if there is no readable key of this id */
export async function keyEffect(context: ManagementContext, kid: string): Promise<KeyEffect> {
  const { found, consumers } = await listKeys(context)
  const key = found.find((one) => one.kid === kid)
  if (key === undefined) throw new NotFound(`there is no key ${JSON.stringify(kid)} that can be read`)
  const isSuccessor = ({ state, algorithm }: StoredKey) => state === 'pending' && algorithm === key.algorithm
  return {
    key,
    successor: key.state === 'active' ? found.find(isSuccessor) : undefined,
    tokensUntil: await tokensUntil(context, key),
    consumers,
  }
}

async function tokensUntil(
  { store, clock }: ManagementContext,
  { state, goneAt }: StoredKey,
): Promise<number | undefined> {
  if (state === 'active') return clock.now() + (await store.revocations.longestLifetime())
  return state === 'retiring' ? goneAt : undefined
}
