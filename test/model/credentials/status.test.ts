import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rotateCredential } from '../../../src/management/credentials/rotate.ts'
import type { SecretCredential } from '../../../src/model/credentials/credential.ts'
import { statusOf } from '../../../src/model/credentials/status.ts'
import { CredentialId } from '../../../src/oauth/ids.ts'
import { DAY, GENERATED, HOUR, JOB, jobWith, openSetting, type Setting } from '../../harness/credential-setting.ts'
import { newSecret } from '../../harness/model.ts'

const NOW = 1_000 * DAY

const used = (id: string, lastUsedAt: number | undefined, more: Partial<SecretCredential> = {}) => ({
  credential: {
    kind: 'secret' as const,
    id: CredentialId(id),
    label: id,
    hint: '',
    origin: 'command' as const,
    hash: { kind: 'sha256' as const, digest: '' },
    retrievable: undefined,
    createdAt: 1,
    expiresAt: undefined,
    revokedAt: undefined,
    replaces: undefined,
    ...more,
  },
  lastUsedAt,
})
const following = (id: string) => ({ replaces: { id: CredentialId(id), expiresAt: undefined } })

describe('the status of a credential', () => {
  const cases: [string, string, ReturnType<typeof used>, ReturnType<typeof used>[]][] = [
    ['alone', 'active', used('old', NOW), []],
    ['the only one, never used', 'active', used('old', undefined), []],
    [
      'one of several, the successor of another',
      'active',
      used('old', undefined),
      [used('new', NOW, following('third'))],
    ],
    ['with an unused successor', 'replaced', used('old', NOW - 2 * DAY), [used('new', undefined, following('old'))]],
    ['both in use', 'replaced', used('old', NOW - HOUR), [used('new', NOW, following('old'))]],
    [
      'used a day ago, less a millisecond',
      'replaced',
      used('old', NOW - DAY + 1),
      [used('new', NOW, following('old'))],
    ],
    ['used a day ago', 'safe to delete', used('old', NOW - DAY), [used('new', NOW, following('old'))]],
    [
      'never used, with a successor',
      'safe to delete',
      used('old', undefined),
      [used('new', NOW - DAY, following('old'))],
    ],
    [
      'unused for long, with a revoked successor',
      'active',
      used('old', NOW - 2 * DAY),
      [used('new', NOW, { ...following('old'), revokedAt: NOW })],
    ],
    [
      'unused for long, with a second successor after a revoked one',
      'safe to delete',
      used('old', NOW - 2 * DAY),
      [used('new', NOW - DAY, { ...following('old'), revokedAt: 1 }), used('newer', NOW, following('old'))],
    ],
    ['expiring in a millisecond', 'active', used('old', NOW, { expiresAt: NOW + 1 }), []],
    ['expired now', 'expired', used('old', NOW, { expiresAt: NOW }), []],
    [
      'expired, with a successor in use',
      'expired',
      used('old', undefined, { expiresAt: 1 }),
      [used('new', NOW, following('old'))],
    ],
    ['revoked', 'revoked', used('old', NOW, { revokedAt: NOW }), []],
    ['revoked, and expired', 'revoked', used('old', NOW, { revokedAt: 1, expiresAt: 2 }), []],
  ]
  test.each(cases)('%s: %s', (_name, status, one, others) => {
    expect(statusOf([one, ...others], one, NOW)).toBe(status)
    expect(statusOf([...others, one], one, NOW)).toBe(status)
  })
})

describe('during a rotation', () => {
  let setting: Setting
  beforeAll(async () => {
    setting = await openSetting()
  })
  afterAll(() => setting.close())

  test('the old one is safe to delete a day after its last use, once the new one is in use', async () => {
    const statuses = async () => {
      const all = await setting.used()
      return all.map((one) => statusOf(all, one, setting.clock.now()))
    }
    await setting.apply(jobWith(`{ label: first, secret: ${newSecret()} }`))
    setting.clock.advance(HOUR)
    const { credential: next, old } = await rotateCredential(setting.context, {
      client: JOB,
      name: undefined,
      spec: GENERATED,
      overlap: 30 * DAY,
      show: () => {},
    })
    await setting.store.credentials.noteUses([{ id: old.id, at: setting.clock.now() }])
    expect(await statuses()).toEqual(['replaced', 'active'])
    setting.clock.advance(2 * DAY)
    expect(await statuses()).toEqual(['replaced', 'active'])
    await setting.store.credentials.noteUses([{ id: next.id, at: setting.clock.now() }])
    expect(await statuses()).toEqual(['safe to delete', 'active'])
    await setting.store.credentials.noteUses([{ id: old.id, at: setting.clock.now() }])
    expect(await statuses()).toEqual(['replaced', 'active'])
    setting.clock.advance(30 * DAY)
    expect(await statuses()).toEqual(['expired', 'active'])
  })
})
