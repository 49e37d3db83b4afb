import { z } from 'zod'
import { keyAlgorithms } from '../../keys/algorithms.ts'
import type { KeySetConsumer } from '../../keys/consumers.ts'
import { keyDetail } from '../../keys/record.ts'
import { PROPAGATION_MS } from '../../keys/schedule.ts'
import { type KeyWrites, keyStates, type StoredKey, type UnreadableKey } from '../../keys/store.ts'
import { keyEffect } from '../../management/keys/effect.ts'
import { listKeys } from '../../management/keys/list.ts'
import { revokeKey } from '../../management/keys/revoke.ts'
import { rollBackKeys } from '../../management/keys/roll-back.ts'
import { rotateKeys } from '../../management/keys/rotate.ts'
import type { KeyId } from '../../oauth/ids.ts'
import { iso } from '../../platform/clock.ts'
import type { Answer } from './answer.ts'
import { noBody, noParameters, noQuery, operation } from './operation.ts'

const consumer = z.strictObject({
  address: z.string(),
  user_agent: z.string(),
  last_seen: z.iso.datetime(),
  fetches: z.int(),
})

const keyAnswer = z.strictObject({
  kid: z.string(),
  algorithm: z.string().optional(),
  state: z.enum(keyStates).optional(),
  active_at: z.iso.datetime().optional(),
  gone_at: z.iso.datetime().optional(),
  created_at: z.iso.datetime().optional(),
  master_key_id: z.string().optional().describe('The id of the master key that encrypts it.'),
  fetched_by: z.array(consumer).optional().describe('Consumers that fetched the key set since it holds this key.'),
  not_fetched_by: z.array(consumer).optional(),
  unreadable: z.string().optional(),
})

type KeyBody = z.output<typeof keyAnswer>

const ofKey = { parameters: z.strictObject({ kid: z.string().min(1).max(256) }) } as const

const changedKeys = z.strictObject({ items: z.array(keyAnswer).describe('The keys that have changed.') })

const algorithm = z.strictObject({ algorithm: z.enum(keyAlgorithms).default('ES256') })

const example = {
  kid: 'mBsTwUpBjSDsHZaXH7SxHd4YJc5vGVvWhJ4P2xUfW0E',
  algorithm: 'ES256',
  state: 'active',
  active_at: '2026-11-26T08:00:00.000Z',
  created_at: '2026-11-25T08:00:00.000Z',
  master_key_id: '0f1e2d3c4b5a',
  fetched_by: [],
  not_fetched_by: [],
} as const

export const keyOperations = [
  operation({
    id: 'keys.list',
    method: 'GET',
    path: '/keys',
    summary: 'List the keys that sign and seal tokens, and who has fetched them',
    access: 'keys:read',
    ...noParameters,
    ...noQuery,
    ...noBody,
    answer: z.strictObject({ items: z.array(keyAnswer), master_key_id: z.string().optional() }),
    commands: ['keys list'],
    example: { answer: { items: [example], master_key_id: example.master_key_id } },
    run: async ({ management }) => {
      const { found, unreadable, masterKeyId, consumers } = await listKeys(management)
      const items = [...found.map((key) => keyBody(key, consumers)), ...unreadable.map(unreadableBody)]
      return { body: { items, master_key_id: masterKeyId }, state: null }
    },
  }),
  operation({
    id: 'keys.rotate',
    method: 'POST',
    path: '/keys/rotate',
    summary: 'Activate the next key once it has been published long enough',
    access: 'keys:write',
    ...noParameters,
    ...noQuery,
    body: algorithm.extend({
      now: z.boolean().default(false).describe('Activate it at once, even if verifiers have not fetched it.'),
    }),
    answer: changedKeys,
    commands: ['keys rotate'],
    example: { body: { algorithm: 'ES256' }, answer: { items: [example] } },
    run: async ({ keys }, { body: { algorithm, now: atOnce } }) =>
      changed(await rotateKeys(await keys(), { algorithm, atOnce })),
  }),
  operation({
    id: 'keys.roll-back',
    method: 'POST',
    path: '/keys/rollback',
    summary: 'Make the previous key active again',
    access: 'keys:write',
    ...noParameters,
    ...noQuery,
    body: algorithm,
    answer: changedKeys,
    commands: ['keys rollback'],
    example: { body: { algorithm: 'ES256' }, answer: { items: [example] } },
    run: async ({ keys }, { body: { algorithm } }) => changed(await rollBackKeys(await keys(), algorithm)),
  }),
  operation({
    id: 'keys.effect',
    method: 'GET',
    path: '/keys/{kid}/effect',
    summary: 'Show what ends with a key, and who has fetched its successor',
    access: 'keys:read',
    ...ofKey,
    ...noQuery,
    ...noBody,
    answer: z.strictObject({
      key: keyAnswer,
      successor: keyAnswer
        .optional()
        .describe('The key that would sign. Missing if the key does not sign, or if a new one would be made.'),
      tokens_until: z.iso.datetime().optional().describe('Until when its tokens would live. All of them end.'),
    }),
    example: { path: { kid: example.kid }, answer: { key: example, tokens_until: '2026-11-26T12:00:00.000Z' } },
    run: async ({ management }, { path: { kid } }) => {
      const { key, successor, tokensUntil, consumers } = await keyEffect(management, kid)
      return {
        body: {
          key: keyBody(key, consumers),
          successor: successor && keyBody(successor, consumers),
          tokens_until: iso(tokensUntil),
        },
        state: null,
      }
    },
  }),
  operation({
    id: 'keys.revoke',
    method: 'POST',
    path: '/keys/{kid}/revoke',
    summary: 'Revoke a key at once, and with it every token that it signed',
    access: 'keys:write',
    ...ofKey,
    ...noQuery,
    ...noBody,
    answer: changedKeys,
    commands: ['keys revoke'],
    example: { path: { kid: example.kid }, answer: { items: [{ ...example, state: 'revoked' }] } },
    run: async ({ keys }, { path: { kid } }) => changed(await revokeKey(await keys(), kid)),
  }),
]

function changed({ add, put, discard = [] }: KeyWrites): Answer {
  const removed = discard.map((kid: KeyId): KeyBody => ({ kid, state: 'gone' }))
  return { body: { items: [...[...add, ...put].map((key) => keyBody(key, [])), ...removed] }, state: null }
}

function keyBody(key: StoredKey, consumers: readonly KeySetConsumer[]): KeyBody {
  const has = (one: KeySetConsumer) => one.lastSeen >= key.createdAt + PROPAGATION_MS
  return {
    ...keyDetail(key),
    created_at: new Date(key.createdAt).toISOString(),
    master_key_id: key.masterKeyId,
    fetched_by: consumers.filter(has).map(consumerBody),
    not_fetched_by: consumers.filter((one) => !has(one)).map(consumerBody),
  }
}

const consumerBody = ({ address, userAgent, lastSeen, fetches }: KeySetConsumer) => ({
  address,
  user_agent: userAgent,
  last_seen: new Date(lastSeen).toISOString(),
  fetches,
})

const unreadableBody = ({ id, state, problem }: UnreadableKey): KeyBody => ({ kid: id, state, unreadable: problem })
