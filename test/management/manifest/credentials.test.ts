import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { addCredential } from '../../../src/management/credentials/add.ts'
import { cancelRotation } from '../../../src/management/credentials/cancel.ts'
import { removeCredential } from '../../../src/management/credentials/remove.ts'
import { revokeCredential } from '../../../src/management/credentials/revoke.ts'
import { rotateCredential } from '../../../src/management/credentials/rotate.ts'
import { isValid, type SecretCredential } from '../../../src/model/credentials/credential.ts'
import { MOST_REVOKED } from '../../../src/model/credentials/life.ts'
import { sha256 } from '../../../src/model/credentials/secret-hash.ts'
import { DAY, GENERATED, HOUR, JOB, jobWith, openSetting, type Setting } from '../../harness/credential-setting.ts'
import { newSecret } from '../../harness/model.ts'
import { newJwk } from '../../harness/source.ts'

let setting: Setting
beforeEach(async () => {
  setting = await openSetting()
})
afterEach(() => setting.close())

const FIRST = newSecret()
const SECOND_SECRET = newSecret()
const first = (more = '') => jobWith(`{ label: first, secret: ${FIRST}${more} }`)

const rotate = (name: string | undefined, overlap = HOUR) =>
  rotateCredential(setting.context, { client: JOB, name, spec: GENERATED, overlap, show: () => {} })
const labelled = async (label: string) => (await setting.credentials()).find((one) => one.label === label)
const lives = async (label: string) => {
  const credential = await labelled(label)
  return credential !== undefined && isValid(credential, setting.clock.now())
}
const has = async (secret: string) => {
  const secrets = (await setting.credentials()).filter((one): one is SecretCredential => one.kind === 'secret')
  const found = secrets.filter(({ hash }) => hash.kind === 'sha256' && hash.digest === sha256(secret))
  return found.some((one) => isValid(one, setting.clock.now()))
}

describe('a manifest applied again after a rotation', () => {
  test('keeps the command’s credential, and the overlap of the old one', async () => {
    await setting.apply(first())
    const made = await rotate('first')
    const before = await setting.credentials()
    expect((await setting.apply(first())).steps.map(({ action }) => action)).toEqual(['unchanged', 'unchanged'])
    expect(await setting.credentials()).toEqual(before)
    setting.clock.advance(HOUR)
    await setting.apply(first(', expires: 2040-01-01T00:00:00Z'))
    expect(await lives('first')).toBe(false)
    expect(await has(made.generated ?? '')).toBe(true)
  })

  test('shortens the overlap of the old one if it says so', async () => {
    await setting.apply(first())
    await rotate('first', 2 * DAY)
    const tomorrow = setting.clock.now() + DAY
    await setting.apply(first(`, expires: ${new Date(tomorrow).toISOString()}`))
    expect(await labelled('first')).toMatchObject({ expiresAt: tomorrow })
  })

  test('names the remaining life of a credential once the rotation is cancelled', async () => {
    await setting.apply(first())
    await rotate('first')
    await cancelRotation(setting.context, { client: JOB, name: 'first' })
    expect(await labelled('first')).toMatchObject({ expiresAt: undefined })
    await setting.apply(first(', expires: 2040-01-01T00:00:00Z'))
    expect(await labelled('first')).toMatchObject({ expiresAt: Date.UTC(2040, 0, 1) })
  })

  const ends: [string, (second: string) => Promise<unknown>][] = [
    ['was revoked', (second) => revokeCredential(setting.context, { client: JOB, name: second })],
    [
      'was rotated and removed',
      async (second) => {
        await rotate(second)
        await removeCredential(setting.context, { client: JOB, name: second })
      },
    ],
  ]
  test.each(ends)('does not revive the old one when its successor %s', async (_name, end) => {
    await setting.apply(first())
    const { credential } = await rotate('first')
    await end(credential.label)
    setting.clock.advance(HOUR)
    await setting.apply(first())
    expect(await lives('first')).toBe(false)
  })

  test('with another secret replaces its own, and keeps the command’s', async () => {
    await setting.apply(first())
    const { generated } = await rotate('first')
    await setting.apply(jobWith(`{ label: first, secret: ${SECOND_SECRET} }`))
    expect([await has(FIRST), await has(SECOND_SECRET), await has(generated ?? '')]).toEqual([false, true, true])
    expect(await labelled('first')).toMatchObject({ expiresAt: undefined, origin: 'manifest' })
  })

  test('that no longer names the old one removes it', async () => {
    await setting.apply(first())
    const { generated } = await rotate('first')
    await setting.apply(jobWith())
    expect(await setting.credentials()).toHaveLength(1)
    expect(await has(generated ?? '')).toBe(true)
  })
})

describe('a credential that a command revoked', () => {
  const chosen = 'chosen by a person'
  const jwk = JSON.stringify(newJwk('k'))
  const federated =
    '{ issuer: "https://ci.example.com", audience: us, subject: repo, claims: { ref: main }, max_age: 300 }'
  const same: [string, string, string][] = [
    ['a generated secret', `{ label: a, secret: ${FIRST} }`, `{ label: a, secret: ${FIRST} }`],
    ['a secret left out', '{ label: a }', '{ label: a }'],
    ['a chosen secret', `{ label: a, secret: ${chosen} }`, `{ label: a, secret: ${chosen} }`],
    ['keys', `{ label: a, jwks: { keys: [${jwk}] } }`, `{ label: a, jwks: { keys: [${jwk}] } }`],
    [
      'keys at a URL',
      '{ label: a, jwks_uri: "https://a.example.com/k" }',
      '{ label: a, jwks_uri: "https://a.example.com/k" }',
    ],
    ['a certificate', '{ label: a, certificate: { san_dns: a.b } }', '{ label: a, certificate: { san_dns: a.b } }'],
    ['an outside issuer', `{ label: a, federated: ${federated} }`, `{ label: a, federated: ${federated} }`],
    [
      'the same with a later expiry',
      `{ label: a, secret: ${FIRST} }`,
      `{ label: a, secret: ${FIRST}, expires: 2050-01-01T00:00:00Z }`,
    ],
    ['the same, retrievable', `{ label: a, secret: ${FIRST} }`, `{ label: a, secret: ${FIRST}, retrievable: true }`],
    ['the same secret under another label', `{ label: a, secret: ${FIRST} }`, `{ label: b, secret: ${FIRST} }`],
    [
      'the same chosen secret under another label',
      `{ label: a, secret: ${chosen} }`,
      `{ label: b, secret: ${chosen} }`,
    ],
  ]
  test.each(same)('stays revoked in the manifest: %s', async (_name, before, after) => {
    await setting.apply(jobWith(before))
    await revokeCredential(setting.context, { client: JOB, name: 'a' })
    const revokedAt = setting.clock.now()
    setting.clock.advance(HOUR)
    // Apply twice: the first application must leave a mark for the second.
    for (const _ of [1, 2]) {
      const plan = await setting.apply(jobWith(after))
      expect(plan.warnings).toEqual([
        expect.stringMatching(/^test\.yaml:3:\d+: clients\[0\]\.credentials\[0\]: was revoked/),
      ])
      expect(plan.generated).toEqual([])
      expect(await setting.credentials()).toMatchObject([{ revokedAt }])
    }
  })

  const other: [string, string, string][] = [
    ['another secret', `{ label: a, secret: ${FIRST} }`, `{ label: a, secret: ${SECOND_SECRET} }`],
    ['a secret instead of a generated one', '{ label: a }', `{ label: a, secret: ${SECOND_SECRET} }`],
    ['a certificate', `{ label: a, secret: ${FIRST} }`, '{ label: a, certificate: { san_dns: a.b } }'],
    [
      'another key',
      `{ label: a, jwks: { keys: [${jwk}] } }`,
      `{ label: a, jwks: { keys: [${JSON.stringify(newJwk())}] } }`,
    ],
    [
      'another condition',
      `{ label: a, federated: ${federated} }`,
      `{ label: a, federated: ${federated.replace('main', 'next')} }`,
    ],
  ]
  test.each(other)('is replaced by %s', async (_name, before, after) => {
    await setting.apply(jobWith(before))
    await revokeCredential(setting.context, { client: JOB, name: 'a' })
    const plan = await setting.apply(jobWith(after))
    expect(plan.warnings).toEqual([])
    expect(await setting.credentials()).toMatchObject([{ label: 'a', revokedAt: undefined }])
  })

  test.each(same)('stays revoked after a manifest left it out: %s', async (_name, before, after) => {
    const isGenerated = before === '{ label: a }'
    await setting.apply(jobWith(before))
    await revokeCredential(setting.context, { client: JOB, name: 'a' })
    const revokedAt = setting.clock.now()
    setting.clock.advance(HOUR)
    // Each application must leave a mark for the next one.
    for (const between of [jobWith(), jobWith(), jobWith('{ label: a, certificate: { san_dns: other } }'), jobWith()]) {
      await setting.apply(between)
      const plan = await setting.apply(jobWith(after))
      // Only a new secret has nothing to do with the revoked one.
      expect(plan.generated).toHaveLength(isGenerated ? 1 : 0)
      expect(await setting.credentials()).toMatchObject([{ revokedAt: isGenerated ? undefined : revokedAt }])
    }
  })

  test('is no difference for a plan that leaves it out', async () => {
    await setting.apply(first())
    await revokeCredential(setting.context, { client: JOB, name: 'first' })
    for (const _ of [1, 2]) {
      const { steps, losses } = await setting.apply(jobWith())
      expect(steps.map(({ action }) => action)).toEqual(['unchanged', 'unchanged'])
      expect(losses).toEqual([])
    }
  })

  test('is remembered among the latest fifty that manifests left out', async () => {
    const secrets = Array.from({ length: MOST_REVOKED + 2 }, () => newSecret())
    for (const secret of secrets) {
      await setting.apply(jobWith(`{ label: a, secret: ${secret} }`))
      await revokeCredential(setting.context, { client: JOB, name: 'a' })
    }
    await setting.apply(jobWith())
    const alive = []
    for (const secret of secrets) {
      await setting.apply(jobWith(`{ label: a, secret: ${secret} }`))
      alive.push(await has(secret))
      await setting.apply(jobWith())
    }
    expect(alive).toEqual(secrets.map((_, index) => index < 2))
  })

  test('stays revoked after its removal, under another label too', async () => {
    await setting.apply(first())
    await revokeCredential(setting.context, { client: JOB, name: 'first' })
    await removeCredential(setting.context, { client: JOB, name: 'first' })
    await setting.apply(first())
    expect(await setting.credentials()).toEqual([])
    await setting.apply(jobWith(`{ label: other, secret: ${FIRST} }`))
    expect(await has(FIRST)).toBe(false)
  })

  test.each(same.slice(0, 9))('stays removed after a command removed it: %s', async (_name, before, after) => {
    await setting.apply(jobWith(before))
    await removeCredential(setting.context, { client: JOB, name: 'a' })
    const removedAt = new Date(setting.clock.now()).toISOString()
    setting.clock.advance(HOUR)
    // Apply twice: the first application must leave a mark for the second.
    for (const _ of [1, 2]) {
      const plan = await setting.apply(jobWith(after))
      expect(plan.warnings).toEqual([
        expect.stringContaining(`clients[0].credentials[0]: was removed by a command on ${removedAt}`),
      ])
      expect(plan.steps.map(({ action }) => action)).toEqual(['unchanged', 'unchanged'])
      expect(plan.generated).toEqual([])
      expect(await setting.credentials()).toEqual([])
    }
  })

  test.each(other)('is replaced, after its removal, by %s', async (_name, before, after) => {
    await setting.apply(jobWith(before))
    await removeCredential(setting.context, { client: JOB, name: 'a' })
    expect((await setting.apply(jobWith(after))).warnings).toEqual([])
    expect(await setting.credentials()).toMatchObject([{ label: 'a', revokedAt: undefined }])
    // The credential belongs to the manifest again.
    await setting.apply(jobWith())
    await setting.apply(jobWith(before))
    expect(await setting.credentials()).toHaveLength(1)
  })

  test('stays removed after a rotation: no manifest generates a secret that nobody asked for', async () => {
    await setting.apply(jobWith('{ label: current }'))
    await rotate('current')
    await removeCredential(setting.context, { client: JOB, name: 'current' })
    const { generated, warnings } = await setting.apply(jobWith('{ label: current }'))
    expect({ generated, warnings }).toEqual({
      generated: [],
      warnings: [expect.stringContaining('take it out of the manifest, or give another label, secret or key')],
    })
  })

  const ways: [string, () => Promise<unknown>, string][] = [
    ['another label', async () => {}, 'b'],
    ['its label, after a manifest left it out', () => setting.apply(jobWith()), 'a'],
  ]
  test.each(ways)('a secret is generated under %s', async (_name, between, label) => {
    await setting.apply(jobWith('{ label: a }'))
    await removeCredential(setting.context, { client: JOB, name: 'a' })
    await between()
    const { generated, warnings } = await setting.apply(jobWith(`{ label: ${label} }`))
    expect({ labels: generated.map((one) => one.label), warnings }).toEqual({ labels: [label], warnings: [] })
  })

  test('a removed credential of a command leaves no mark', async () => {
    await setting.apply(jobWith())
    await addCredential(setting.context, { client: JOB, spec: { ...GENERATED, label: 'a' }, show: () => {} })
    await removeCredential(setting.context, { client: JOB, name: 'a' })
    expect((await setting.apply(jobWith('{ label: a }'))).generated).toHaveLength(1)
  })
})

test('commands need the id for a label that both a command and a manifest have', async () => {
  await setting.apply(jobWith())
  await addCredential(setting.context, { client: JOB, spec: { ...GENERATED, label: 'first' }, show: () => {} })
  setting.clock.advance(HOUR)
  await setting.apply(first())
  expect((await setting.credentials()).map(({ label, origin }) => [label, origin])).toEqual([
    ['first', 'command'],
    ['first', 'manifest'],
  ])
  await expect(revokeCredential(setting.context, { client: JOB, name: 'first' })).rejects.toThrow(
    'several credentials have that label',
  )
})
