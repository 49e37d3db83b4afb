import { z } from 'zod'
import { isKeyAlgorithm } from '../../keys/algorithms.ts'
import type { KeySetConsumer } from '../../keys/consumers.ts'
import { keyStates, type StoredKey, type UnreadableKey } from '../../keys/store.ts'
import { KeyId, type TenantId } from '../../oauth/ids.ts'
import { bytes, readRow, time } from '../sql/read-row.ts'
import type { NewRow, Row } from './rows.ts'

const keyRow = z
  .object({
    kid: z.string().transform(KeyId),
    algorithm: z.string().refine(isKeyAlgorithm, 'is not one that is known'),
    state: z.enum(keyStates),
    public_key: bytes.nullable(),
    encrypted_private_key: bytes,
    master_key_id: z.string(),
    created_at: time,
    active_at: time,
    gone_at: time.nullable(),
  })
  .transform(
    ({ public_key, encrypted_private_key, master_key_id, created_at, active_at, gone_at, ...same }): StoredKey => ({
      ...same,
      publicKey: public_key ?? undefined,
      encryptedPrivateKey: encrypted_private_key,
      masterKeyId: master_key_id,
      createdAt: created_at,
      activeAt: active_at,
      goneAt: gone_at ?? undefined,
    }),
  )

export function toKey(row: Row<'key'>): StoredKey | UnreadableKey {
  const state = keyStates.find((known) => known === row.state)
  return readRow(keyRow, row, { kind: 'key', id: KeyId(row.kid), state } as const)
}

export const fromKey = (tenant: TenantId, key: StoredKey): NewRow<'key'> => ({
  tenant,
  kid: key.kid,
  algorithm: key.algorithm,
  state: key.state,
  public_key: key.publicKey ?? null,
  encrypted_private_key: key.encryptedPrivateKey,
  master_key_id: key.masterKeyId,
  created_at: key.createdAt,
  active_at: key.activeAt,
  gone_at: key.goneAt ?? null,
})

const consumerRow = z
  .object({ address: z.string(), user_agent: z.string(), first_seen: time, last_seen: time, fetches: z.number() })
  .transform(
    ({ address, user_agent, first_seen, last_seen, fetches }): KeySetConsumer => ({
      address,
      userAgent: user_agent,
      firstSeen: first_seen,
      lastSeen: last_seen,
      fetches,
    }),
  )

/** Undefined if the row can't be read. */
export function toConsumer(row: Row<'key_consumer'>): KeySetConsumer | undefined {
  const consumer = readRow(consumerRow, row, {})
  return 'problem' in consumer ? undefined : consumer
}

export const fromConsumer = (tenant: TenantId, consumer: KeySetConsumer): NewRow<'key_consumer'> => ({
  tenant,
  address: consumer.address,
  user_agent: consumer.userAgent,
  first_seen: consumer.firstSeen,
  last_seen: consumer.lastSeen,
  fetches: consumer.fetches,
})
