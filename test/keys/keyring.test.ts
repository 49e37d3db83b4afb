import { expect, test } from 'vitest'
import { MasterKey } from '../../src/crypto/master-key.ts'
import { Keyring } from '../../src/keys/keyring.ts'
import type { KeyRows, StoredKey } from '../../src/keys/store.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { newCandidate } from '../harness/keys.ts'

const masterKey = new MasterKey(Buffer.alloc(32, 1), systemRandom)
const candidate = await newCandidate('ES256', masterKey)
const key: StoredKey = { ...candidate, state: 'active', createdAt: 0, activeAt: 0, goneAt: undefined }
const rowsOf = (...found: readonly StoredKey[]): KeyRows => ({ found, unreadable: [], masterKeyId: masterKey.id })

/** A store whose reads end on demand, with the given rows. */
function heldStore() {
  const reads: ((rows: KeyRows) => void)[] = []
  return { reads, store: { listKeys: () => new Promise<KeyRows>((resolve) => reads.push(resolve)) } }
}

test('the later one of two concurrent reads counts, whichever ends first', async () => {
  const { reads, store } = heldStore()
  const opening = Keyring.open(store, masterKey)
  reads[0]?.(rowsOf(key))
  const keyring = await opening
  const [earlier, later] = [keyring.reset(), keyring.reset()]
  // The key was revoked between the two reads.
  reads[2]?.(rowsOf({ ...key, state: 'revoked', goneAt: 9 }))
  await later
  reads[1]?.(rowsOf(key))
  await earlier
  expect(keyring.isLive(key.kid)).toBe(false)
  expect(keyring.verificationKey(key.kid)).toBeUndefined()
  expect(keyring.published.body).toBe('{"keys":[]}')
})

test('a process keeps using an opened key, whatever happens to its row', async () => {
  const { reads, store } = heldStore()
  const told: string[] = []
  const opening = Keyring.open(store, masterKey, ({ id, problem }) => told.push(`${id} ${problem}`))
  reads[0]?.(rowsOf(key))
  const keyring = await opening
  const damaged = { ...key, encryptedPrivateKey: Buffer.alloc(3), masterKeyId: 'another' }
  for (let read = 1; read < 4; read += 1) {
    const reading = keyring.reset()
    reads[read]?.(rowsOf(damaged))
    await reading
  }
  expect((await keyring.signer('ES256')).kid).toBe(key.kid)
  expect(told).toEqual([])
  const fresh = heldStore()
  const openingFresh = Keyring.open(fresh.store, masterKey, ({ id, problem }) => told.push(`${id} ${problem}`))
  fresh.reads[0]?.(rowsOf(damaged))
  const other = await openingFresh
  const reading = other.reset()
  fresh.reads[1]?.(rowsOf(damaged))
  await reading
  expect(() => other.signer('ES256')).toThrow('key_unusable')
  expect(told).toEqual([`${key.kid} its private part is encrypted under the master key another, which was not given`])
})
