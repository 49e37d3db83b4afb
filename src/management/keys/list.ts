import type { KeySetConsumer } from '../../keys/consumers.ts'
import type { KeyRows } from '../../keys/store.ts'
import { requireEverywhere } from '../authority/authority.ts'
import type { ManagementContext } from '../context.ts'

/** A consumer that fetched the key set within this time still needs the next key. */
const KNOWN_MS = 7 * 24 * 3600 * 1000

/** Every key, and the consumers that have fetched the key set lately. */
export async function listKeys(
  context: ManagementContext,
): Promise<KeyRows & { readonly consumers: readonly KeySetConsumer[] }> {
  requireEverywhere(context.authority, 'keys:read')
  const { store, clock } = context
  const rows = await store.keys.listKeys()
  return { ...rows, consumers: await store.keys.listConsumers(clock.now() - KNOWN_MS) }
}
