import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { AuditEvent } from '../../src/audit/event.ts'
import { RefusalGatherer } from '../../src/audit/refusals.ts'
import { findChosenSecret, findRememberedSecret } from '../../src/client-auth/guessable.ts'
import { SecretVerifier } from '../../src/client-auth/secrets/verifier.ts'
import { GuessLimiter } from '../../src/client-auth/throttle/limiter.ts'
import { MasterKey } from '../../src/crypto/master-key.ts'
import { type SecretCredential, toCredentials } from '../../src/model/credentials/credential.ts'
import { ClientId, CredentialId, DEFAULT_TENANT, TenantId } from '../../src/oauth/ids.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { DpopNonces } from '../../src/sender-constraint/nonce.ts'
import { clientWith } from '../harness/client-record.ts'

const OTHER = TenantId('other')
const ID = ClientId('same')
const HERE = { remoteAddress: '192.0.2.1', at: 0 }
const parameters = { logN: 14, r: 8, p: 5, salt: Buffer.alloc(16) }

/** A client of the one id, which each tenant has, with a secret of its own. */
function clientOf(secret: string) {
  const credential: SecretCredential = {
    kind: 'secret',
    id: CredentialId('same'),
    label: '',
    hint: '',
    origin: 'manifest',
    createdAt: 0,
    expiresAt: undefined,
    revokedAt: undefined,
    replaces: undefined,
    retrievable: undefined,
    hash: { kind: 'scrypt', parameters, digest: Buffer.from(secret) },
  }
  return clientWith({ id: ID, credentials: toCredentials([credential]) })
}

/** The objects that a process shares between its tenants. Hashes wait until they are let go. */
function startProcess() {
  const clock = { ms: 1_000, now: () => clock.ms, monotonic: () => clock.ms }
  const running: (() => void)[] = []
  let hashes = 0
  const slowHash = async (secret: string): Promise<Buffer> => {
    hashes += 1
    await new Promise<void>((resolve) => running.push(resolve))
    return Buffer.from(secret)
  }
  const shared = {
    secrets: new SecretVerifier(clock, randomBytes, Buffer.alloc(32), slowHash),
    guesses: new GuessLimiter(clock),
    replacements: { note: () => {} },
  }
  const tenants = {
    one: { means: { ...shared, tenant: DEFAULT_TENANT }, client: clientOf('secret of one') },
    other: { means: { ...shared, tenant: OTHER }, client: clientOf('secret of 2nd') },
  }
  const begin = (name: keyof typeof tenants, secret: string) => {
    const { means, client } = tenants[name]
    return findChosenSecret(means, HERE, [{ clientId: ID, secret, client }])
  }
  const finishHashes = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve))
    for (const finish of running.splice(0)) finish()
  }
  /** Whether the secret is right at a tenant. */
  const isRight = async (name: keyof typeof tenants, secret: string): Promise<boolean> => {
    const found = begin(name, secret)
    await finishHashes()
    return (await found) !== undefined
  }
  const isRemembered = (name: keyof typeof tenants, secret: string): boolean => {
    const { means, client } = tenants[name]
    return findRememberedSecret(means, HERE, { clientId: ID, secret, client }) !== undefined
  }
  return { begin, finishHashes, isRight, isRemembered, hashes: () => hashes, ...shared }
}

describe('of clients with one id at two tenants', () => {
  test('a secret that is right at one is neither right nor remembered at the other', async () => {
    const { isRight, isRemembered } = startProcess()
    expect(await isRight('one', 'secret of one')).toBe(true)
    expect(isRemembered('one', 'secret of one')).toBe(true)
    expect(isRemembered('other', 'secret of one')).toBe(false)
    expect(await isRight('other', 'secret of one')).toBe(false)
    expect(isRemembered('one', 'secret of one')).toBe(true)
  })

  test('a secret that is wrong at one is not known as wrong at the other', async () => {
    const { isRight } = startProcess()
    expect(await isRight('one', 'secret of 2nd')).toBe(false)
    expect(await isRight('other', 'secret of 2nd')).toBe(true)
    expect(await isRight('one', 'secret of 2nd')).toBe(false)
  })

  test('one secret that is tried at both at once is hashed for each', async () => {
    const { begin, finishHashes, hashes } = startProcess()
    const tried = Promise.all([begin('one', 'secret of 2nd'), begin('other', 'secret of 2nd')])
    // One hash may have to wait until the other is done.
    while (hashes() < 2) await finishHashes()
    await finishHashes()
    expect((await tried).map((proven) => proven !== undefined)).toEqual([false, true])
  })

  test('the marks of a secret and of a MAC differ', () => {
    const { secrets } = startProcess()
    const mac = { alg: 'HS256', signature: Buffer.alloc(32) }
    expect(secrets.markOf(DEFAULT_TENANT, ID, 'x')).not.toBe(secrets.markOf(OTHER, ID, 'x'))
    expect(secrets.markOfMac(DEFAULT_TENANT, ID, mac)).not.toBe(secrets.markOfMac(OTHER, ID, mac))
  })

  test('guesses at one make nobody wait who asks at the other, and success at one proves nothing at the other', () => {
    const { guesses } = startProcess()
    const guess = (tenant: TenantId, mark: string) =>
      guesses.begin({ tenant, clientId: ID, address: HERE.remoteAddress, marks: [mark] })
    for (let tries = 0; tries < 5; tries += 1) guess(DEFAULT_TENANT, `guess ${tries}`)
    expect(() => guess(DEFAULT_TENANT, 'next')).toThrow('too_many_guesses')
    guess(OTHER, 'right').succeeded()
    const asks = { clientId: ID, address: HERE.remoteAddress }
    expect(guesses.letThrough({ ...asks, tenant: OTHER })).toBe(true)
    expect(guesses.letThrough({ ...asks, tenant: DEFAULT_TENANT })).toBe(false)
  })

  test('guesses at many tenants from one address are counted there together', () => {
    const { guesses } = startProcess()
    const guess = (of: number) =>
      guesses.begin({
        tenant: TenantId(`t${of}`),
        clientId: ID,
        address: HERE.remoteAddress,
        marks: [`guess ${of}`],
      })
    expect(() => {
      for (let of = 0; of < 1_000; of += 1) guess(of)
    }).toThrow('too_many_guesses')
  })
})

describe('under one master key', () => {
  const bytes = randomBytes(32)
  const clock = { now: () => 1_000_000, monotonic: () => 0 }
  const [one, other] = [new MasterKey(bytes, systemRandom), new MasterKey(bytes, systemRandom, undefined, OTHER)]

  test('what is encrypted for one tenant is not decrypted for another, though its record has the same id', () => {
    for (const [mine, foreign] of [
      [one, other],
      [other, one],
    ] as const) {
      const encrypted = mine.encrypt(Buffer.from('x'), 'key k', undefined)
      expect(mine.decrypt(encrypted, 'key k')).toEqual(Buffer.from('x'))
      expect(foreign.decrypt(encrypted, 'key k')).toMatchObject({ problem: expect.stringMatching(/another record/) })
    }
    expect(one.id).toBe(other.id)
  })

  test('a DPoP nonce of one tenant is not accepted at another', () => {
    const [mine, foreign] = [one, other].map((key) => new DpopNonces(() => key.derive('dpop nonce'), clock))
    const nonce = mine?.current() ?? ''
    expect(mine?.accepts(nonce)).toBe(true)
    expect(foreign?.accepts(nonce)).toBe(false)
  })
})

test('equal refusals at two tenants are gathered apart', async () => {
  const recorded: AuditEvent[] = []
  const sink = {
    isFull: false,
    isFullForRefusals: false,
    counts: { waiting: 0, capacity: 0, written: 0, failedBatches: 0, lost: 0 },
    record: (event: AuditEvent) => void recorded.push(event),
    close: async () => {},
  }
  const gatherer = new RefusalGatherer(sink, { now: () => 1_000, monotonic: () => 1_000 })
  // Above the number of equal refusals that are recorded one by one, and above the budget of those that differ.
  for (const detail of [() => ({}), (index: number) => ({ index })]) {
    for (let index = 0; index < 2_000; index += 1)
      for (const tenant of [DEFAULT_TENANT, OTHER])
        gatherer.record({
          ...{ tenant, at: 1, type: 'token.issue', result: 'refused', reason: 'wrong_secret', clientId: 'same' },
          ...{ remoteAddress: '192.0.2.1', requestId: `${tenant} ${index}`, traceId: undefined, detail: detail(index) },
        })
  }
  await gatherer.close()
  const counted = new Map<string, number>()
  for (const { tenant, detail, requestId } of recorded) {
    const ids = detail['request_ids']
    for (const id of Array.isArray(ids) ? ids : [requestId]) expect(id).toMatch(new RegExp(`^${tenant} `))
    counted.set(tenant, (counted.get(tenant) ?? 0) + Number(detail['repeated'] ?? 1))
  }
  expect(counted).toEqual(
    new Map([
      ['default', 4_000],
      ['other', 4_000],
    ]),
  )
})
