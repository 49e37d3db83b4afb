import { describe, expect, test } from 'vitest'
import { MasterKey } from '../../src/crypto/master-key.ts'
import type { KeyAlgorithm } from '../../src/keys/algorithms.ts'
import { Keyring } from '../../src/keys/keyring.ts'
import { recorded } from '../../src/keys/record.ts'
import { KeyRotation } from '../../src/keys/rotation.ts'
import type { KeyRows, KeyState, KeyStore, KeyWrites, StoredKey } from '../../src/keys/store.ts'
import { KeyId } from '../../src/oauth/ids.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { standingClock } from '../harness/clock.ts'
import { newCandidate } from '../harness/keys.ts'

const DAY = 24 * 3_600_000
const POLICY = { rotateEvery: 30 * DAY, publishBefore: DAY, retireAfter: DAY }
const masterKey = new MasterKey(Buffer.alloc(32, 1), systemRandom)
const other = new MasterKey(Buffer.alloc(32, 2), systemRandom)

/** Rows in memory, and the writes and calls that they got. */
function createStore(found: readonly StoredKey[] = [], inUse: string | undefined = undefined) {
  const state = { rows: { found, unreadable: [], masterKeyId: inUse } as KeyRows, writes: [] as KeyWrites[] }
  const store: Pick<KeyStore, 'listKeys' | 'updateKeys'> = {
    listKeys: async () => state.rows,
    updateKeys: async (plan) => {
      const writes = plan(state.rows)
      state.writes.push(writes)
      const after = new Map([...state.rows.found, ...writes.add, ...writes.put].map((key) => [key.kid, key]))
      const left = [...after.values()].filter(({ state: one }) => one !== 'gone')
      state.rows = { ...state.rows, found: left, masterKeyId: state.rows.masterKeyId ?? writes.add[0]?.masterKeyId }
      return writes
    },
  }
  return { state, store: store as KeyStore }
}

async function open(
  algorithms: readonly KeyAlgorithm[],
  found: readonly StoredKey[] = [],
  inUse?: string,
  mine = masterKey,
) {
  const { state, store } = createStore(found, inUse)
  const clock = standingClock(1_800_000_000)
  const keyring = await Keyring.open(store, mine)
  const options = { store, keyring, masterKey: mine, clock, random: systemRandom, policy: async () => POLICY }
  return { state, keyring, clock, rotation: new KeyRotation({ ...options, algorithms: () => algorithms }) }
}

const keyOf = async (
  algorithm: KeyAlgorithm,
  state: KeyState,
  activeAt: number,
  under = masterKey,
): Promise<StoredKey> => ({
  ...(await newCandidate(algorithm, under)),
  state,
  createdAt: 0,
  activeAt,
  goneAt: undefined,
})

const statesOf = ({ rows }: { readonly rows: KeyRows }) =>
  rows.found.map(({ algorithm, state }) => `${algorithm} ${state}`)

describe('a rotation', () => {
  test('makes the first key of each algorithm in use, and each change is an audit event', async () => {
    const { state, keyring, rotation, clock } = await open(['ES256', 'EdDSA'])
    await rotation.run()
    // The second key is not the first of the database, so every process publishes it before it signs.
    expect(statesOf(state)).toEqual(['ES256 active', 'EdDSA pending'])
    clock.advance(1_000)
    await rotation.run()
    expect(statesOf(state)).toEqual(['ES256 active', 'EdDSA active'])
    expect((await keyring.signer('EdDSA')).kid).toBe(state.rows.found[1]?.kid)
    const events = state.writes.flatMap((writes) => writes.events ?? [])
    expect(events).toMatchObject([
      { type: 'key.change', detail: { algorithm: 'ES256', state: 'active' } },
      { type: 'key.change', detail: { algorithm: 'EdDSA', state: 'pending' } },
      { type: 'key.change', detail: { algorithm: 'EdDSA', state: 'active' } },
    ])
    expect(events.map(({ changes }) => changes?.things.length)).toEqual([1, 1, 1])
  })

  test('writes nothing while nothing is due', async () => {
    const { state, rotation, clock } = await open(['ES256'])
    await rotation.run()
    clock.advance(29 * DAY - 1)
    await rotation.run()
    expect(state.writes).toHaveLength(1)
    clock.advance(1)
    await rotation.run()
    expect(state.writes).toHaveLength(2)
    expect(statesOf(state)).toEqual(['ES256 active', 'ES256 pending'])
  })

  test('goes on for an algorithm that no API uses any more, but not for one whose keys were all revoked', async () => {
    const keys = [await keyOf('EdDSA', 'active', 0), await keyOf('ES256', 'revoked', 0)]
    const { state, rotation } = await open([], keys, masterKey.id)
    await rotation.run()
    expect(statesOf(state)).toEqual(['EdDSA active', 'ES256 revoked', 'EdDSA pending'])
  })

  test('passes over a pending key that this process can’t use', async () => {
    const now = 1_800_000_000_000
    const keys = [await keyOf('ES256', 'active', now), await keyOf('ES256', 'pending', now, other)]
    const { state, rotation } = await open(['ES256'], keys, masterKey.id)
    await rotation.run()
    expect(statesOf(state)).toEqual(['ES256 active', 'ES256 pending'])
    expect(state.writes).toEqual([])
  })

  test('makes no key if the master key is not the one in use', async () => {
    const { state, rotation } = await open(['ES256'], [], other.id)
    await expect(rotation.run()).rejects.toThrow(other.id)
    expect(state.writes).toEqual([])
  })

  test('still activates a key if the master key is not the one in use', async () => {
    const now = 1_800_000_000_000
    const keys = [await keyOf('ES256', 'active', now - DAY, other), await keyOf('ES256', 'pending', now, other)]
    const { state, rotation } = await open(['ES256'], keys, masterKey.id, other)
    await rotation.run()
    expect(statesOf(state)).toEqual(['ES256 retiring', 'ES256 active'])
  })
})

describe('the audit events of changed keys', () => {
  const key: StoredKey = {
    kid: KeyId('a'),
    algorithm: 'ES256',
    state: 'active',
    publicKey: undefined,
    encryptedPrivateKey: Buffer.from('secret'),
    masterKeyId: 'm',
    createdAt: 0,
    activeAt: 0,
    goneAt: undefined,
  }
  const lost = { kind: 'key', id: KeyId('lost'), state: undefined, problem: 'state is not what it should be' } as const
  const rows: KeyRows = {
    found: [key],
    unreadable: [{ ...lost, id: KeyId('other'), problem: 'another' }, lost],
    masterKeyId: 'm',
  }
  const eventsOf = (writes: KeyWrites) => recorded(rows, writes, (change) => change as never).events

  test('have a new key, a changed one with what differs, and a removed one with why it could not be read', () => {
    const added = { ...key, kid: KeyId('b'), state: 'pending' as const, activeAt: DAY }
    const retired = { ...key, state: 'retiring' as const, goneAt: 2 * DAY }
    const writes = { add: [added], put: [retired], discard: [lost.id] }
    expect(eventsOf(writes)).toEqual([
      {
        detail: { kid: 'b', algorithm: 'ES256', state: 'pending', active_at: '1970-01-02T00:00:00.000Z' },
        change: {
          thing: 'key',
          id: 'b',
          before: null,
          after: { algorithm: 'ES256', state: 'pending', activeAt: '1970-01-02T00:00:00.000Z' },
        },
      },
      {
        detail: {
          kid: 'a',
          algorithm: 'ES256',
          state: 'retiring',
          active_at: '1970-01-01T00:00:00.000Z',
          gone_at: '1970-01-03T00:00:00.000Z',
        },
        change: {
          thing: 'key',
          id: 'a',
          before: { state: 'active', goneAt: null },
          after: { state: 'retiring', goneAt: '1970-01-03T00:00:00.000Z' },
        },
      },
      {
        detail: { kid: 'lost', state: 'gone' },
        change: { thing: 'key', id: 'lost', before: { unreadable: lost.problem }, after: null },
      },
    ])
    expect(recorded(rows, writes, (change) => change as never)).toMatchObject(writes)
  })

  test('have no key material', () => {
    expect(JSON.stringify(eventsOf({ add: [{ ...key, kid: KeyId('b') }], put: [key] }))).not.toMatch(/secret|c2VjcmV0/)
  })
})
