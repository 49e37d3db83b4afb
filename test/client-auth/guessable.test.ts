import { createHmac, randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { findChosenSecret, findMacSecret, findRememberedSecret } from '../../src/client-auth/guessable.ts'
import { SecretQueueFull } from '../../src/client-auth/secrets/fair-queue.ts'
import { SecretVerifier } from '../../src/client-auth/secrets/verifier.ts'
import type { Guess, Guesses, Standing } from '../../src/client-auth/throttle/guesses.ts'
import { TooManyGuesses } from '../../src/client-auth/throttle/too-many-guesses.ts'
import { parseCompact } from '../../src/crypto/jws/compact.ts'
import { MasterKey } from '../../src/crypto/master-key.ts'
import type { Client } from '../../src/model/client.ts'
import { type SecretCredential, toCredentials } from '../../src/model/credentials/credential.ts'
import { readImportedHash } from '../../src/model/credentials/imported-hash.ts'
import { retrievableContext } from '../../src/model/credentials/retrievable.ts'
import { type SecretHash, sha256 } from '../../src/model/credentials/secret-hash.ts'
import { ClientId, CredentialId, DEFAULT_TENANT } from '../../src/oauth/ids.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { clientWith } from '../harness/client-record.ts'
import { standingClock } from '../harness/clock.ts'
import { lifeOf } from '../harness/credential-life.ts'
import { pbkdf2Hash } from '../harness/imported.ts'
import { unsigned } from '../harness/tokens.ts'

const HERE = { remoteAddress: '192.0.2.1', at: 1_000 }
const id = ClientId('client')
const masterKey = new MasterKey(Buffer.alloc(32, 1), systemRandom)
const digestOf = (secret: string): Buffer => Buffer.from(secret.padEnd(64))
const chosenHash = (secret: string): SecretHash => ({
  kind: 'scrypt',
  parameters: { logN: 4, r: 8, p: 1, salt: Buffer.alloc(16) },
  digest: digestOf(secret),
})

const secretCredential = (name: string, hash: SecretHash, more: Partial<SecretCredential> = {}): SecretCredential => ({
  kind: 'secret',
  ...lifeOf(name, { label: name }),
  hash,
  retrievable: undefined,
  ...more,
})

const clientOf = (...credentials: readonly SecretCredential[]): Client =>
  clientWith({ id, credentials: toCredentials(credentials) })

/** A limiter that records what it is asked, and refuses or has a standing as a test says. */
function setUp() {
  const state = {
    standing: 'new' as Standing,
    refuses: false,
    letsThrough: true,
    hashing: undefined as Error | undefined,
  }
  const asked: (Guess & { readonly isRight?: boolean })[] = []
  const ends: string[] = []
  const refuse = () => {
    if (state.refuses) throw new TooManyGuesses({}, 1)
  }
  const guesses: Guesses = {
    refused: {},
    begin: (guess) => {
      asked.push(guess)
      refuse()
      return {
        standing: state.standing,
        succeeded: () => void ends.push('succeeded'),
        turnedAway: () => void ends.push('turned away'),
      }
    },
    conclude: (guess, isRight) => {
      asked.push({ ...guess, isRight })
      refuse()
    },
    letThrough: () => state.letsThrough,
  }
  const hashes: string[] = []
  const secrets = new SecretVerifier(standingClock(), randomBytes, Buffer.alloc(32), async (secret) => {
    hashes.push(secret)
    if (state.hashing !== undefined && hashes.length > 0) throw state.hashing
    return digestOf(secret)
  })
  const noted: unknown[] = []
  const context = {
    tenant: DEFAULT_TENANT,
    secrets,
    guesses,
    replacements: { note: (one: unknown) => void noted.push(one) },
  }
  return { state, asked, ends, hashes, noted, secrets, context }
}

describe('a chosen secret', () => {
  const mine = secretCredential('mine', chosenHash('right'))
  const client = clientOf(mine)
  const reading = (secret: string, of: Client | undefined = client, clientId = id) => ({ clientId, secret, client: of })

  test('that is right is a success at its address, and no guess', async () => {
    const { asked, ends, context, secrets } = setUp()
    expect(await findChosenSecret(context, HERE, [reading('right')])).toEqual({ client, credential: mine })
    expect(asked).toEqual([
      {
        tenant: DEFAULT_TENANT,
        clientId: id,
        address: HERE.remoteAddress,
        marks: [secrets.markOf(DEFAULT_TENANT, id, 'right')],
      },
    ])
    expect(ends).toEqual(['succeeded'])
  })

  test('that was imported is noted with our own hash, which is to replace it', async () => {
    const { hash } = readImportedHash(pbkdf2Hash('right', { iterations: 1_000 }))
    if (hash === undefined) throw new Error('it is no imported hash')
    const old = secretCredential('old', hash)
    const { context, noted } = setUp()
    await findChosenSecret(context, HERE, [reading('right', clientOf(old))])
    await findChosenSecret(context, HERE, [reading('right')])
    expect(noted).toEqual([
      { clientId: id, credential: old, hash: expect.objectContaining({ kind: 'scrypt', digest: digestOf('right') }) },
    ])
  })

  test('that is wrong counts once; again it is refused without a guess or a hash', async () => {
    const { asked, ends, hashes, context } = setUp()
    for (let times = 0; times < 2; times += 1)
      expect(await findChosenSecret(context, HERE, [reading('wrong')])).toBeUndefined()
    expect([asked.length, ends, hashes]).toEqual([1, [], ['wrong']])
  })

  test('of nobody costs as much as a wrong one', async () => {
    const { asked, hashes, context } = setUp()
    for (let times = 0; times < 2; times += 1)
      expect(
        await findChosenSecret(context, HERE, [{ clientId: id, secret: 'right', client: undefined }]),
      ).toBeUndefined()
    expect([asked.length, hashes]).toEqual([1, ['right']])
  })

  test('that can be read in two ways is one guess, and either may be right', async () => {
    const { asked, ends, context, secrets } = setUp()
    const found = await findChosenSecret(context, HERE, [reading('r%69ght'), reading('right')])
    expect(found).toEqual({ client, credential: mine })
    expect(asked.map(({ marks }) => marks)).toEqual([
      ['r%69ght', 'right'].map((secret) => secrets.markOf(DEFAULT_TENANT, id, secret)),
    ])
    expect(ends).toEqual(['succeeded'])
  })

  test('that may be meant for two clients is a guess at each', async () => {
    const { asked, context } = setUp()
    const other = ClientId('other')
    const found = await findChosenSecret(context, HERE, [reading('wrong'), reading('right', client, other)])
    expect(found).toEqual({ client, credential: mine })
    expect(asked.map(({ clientId }) => clientId)).toEqual([id, other])
  })

  test('is not checked while its sender must wait', async () => {
    const { state, hashes, context } = setUp()
    state.refuses = true
    await expect(findChosenSecret(context, HERE, [reading('right')])).rejects.toBeInstanceOf(TooManyGuesses)
    expect(hashes).toEqual([])
  })

  test('that is too long to be one is neither checked nor counted', async () => {
    const { asked, context } = setUp()
    expect(await findChosenSecret(context, HERE, [reading('x'.repeat(1_025))])).toBeUndefined()
    expect(asked).toEqual([])
  })

  test('that was not checked since the queue is full is no guess; any other failure leaves it one', async () => {
    const { state, ends, context } = setUp()
    state.hashing = new SecretQueueFull()
    await expect(findChosenSecret(context, HERE, [reading('a')])).rejects.toBe(state.hashing)
    expect(ends).toEqual(['turned away'])
    state.hashing = new Error('a defect')
    await expect(findChosenSecret(context, HERE, [reading('b')])).rejects.toBe(state.hashing)
    expect(ends).toEqual(['turned away'])
  })

  test('stays a guess if its first reading was checked before the queue was full', async () => {
    const { state, ends, context } = setUp()
    const full = new SecretQueueFull()
    const secrets = new SecretVerifier(standingClock(), randomBytes, Buffer.alloc(32), async (secret) => {
      if (secret === 'second') throw full
      return digestOf(secret)
    })
    const asking = findChosenSecret({ ...context, secrets }, HERE, [reading('first'), reading('second')])
    await expect(asking).rejects.toBe(full)
    expect([ends, state.standing]).toEqual([[], 'new'])
  })

  test('waits in the lanes of its networks and its client, by its standing', async () => {
    const { state, context, secrets } = setUp()
    const places: unknown[] = []
    const find = secrets.findChosen.bind(secrets)
    secrets.findChosen = (holder, secret, mark, place) => {
      places.push(place)
      return find(holder, secret, mark, place)
    }
    state.standing = 'proven'
    await findChosenSecret(context, { ...HERE, remoteAddress: '2001:db8:1:2::3' }, [reading('right')])
    const networks = ['2001:db8::/32', '2001:db8:1::/48', '2001:db8:1:0::/56', '2001:db8:1:2::/64']
    expect(places).toEqual([{ class: 'proven', lanes: [...networks, `${DEFAULT_TENANT} client`] }])
  })

  test('that was right is found again without a guess, if its sender succeeded here before', async () => {
    const { state, asked, context } = setUp()
    const remembered = (secret: string) => findRememberedSecret(context, HERE, { clientId: id, secret, client })
    expect(remembered('right')).toBeUndefined()
    await findChosenSecret(context, HERE, [reading('right')])
    asked.length = 0
    expect(remembered('right')).toEqual({ client, credential: mine })
    expect(remembered('wrong')).toBeUndefined()
    state.letsThrough = false
    expect(remembered('right')).toBeUndefined()
    expect(asked).toEqual([])
  })
})

describe('a MAC', () => {
  const retrievable = (name: string, secret: string, hash: SecretHash, more: Partial<SecretCredential> = {}) =>
    secretCredential(name, hash, {
      retrievable: masterKey.encrypt(Buffer.from(secret), retrievableContext(CredentialId(name)), undefined),
      ...more,
    })
  const generated = retrievable('generated', 'g', { kind: 'sha256', digest: sha256('g') })
  const chosen = retrievable('chosen', 'c', chosenHash('c'))

  function macOf(secret: string) {
    const input = unsigned({ alg: 'HS256' }, { iss: 'client', sub: 'client' }).split('.').slice(0, 2).join('.')
    return parseCompact(`${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`)
  }
  const find = (context: ReturnType<typeof setUp>['context'], client: Client | undefined, secret: string) =>
    findMacSecret({ ...context, masterKey } as Parameters<typeof findMacSecret>[0], HERE, {
      clientId: id,
      client,
      jws: macOf(secret),
    })

  test('under a generated secret is found without the limiter', async () => {
    const { asked, context } = setUp()
    expect(await find(context, clientOf(chosen, generated), 'g')).toEqual({ found: generated })
    expect(asked).toEqual([])
  })

  test('under a chosen secret is found, and is a success', async () => {
    const { asked, context } = setUp()
    expect(await find(context, clientOf(generated, chosen), 'c')).toEqual({ found: chosen, lost: undefined })
    expect(asked).toMatchObject([{ tenant: DEFAULT_TENANT, clientId: id, address: HERE.remoteAddress, isRight: true }])
  })

  test.each<[string, Client | undefined]>([
    ['of a client with a generated secret', clientOf(generated)],
    ['of a client with a chosen secret', clientOf(chosen)],
    ['of a client without a secret to sign with', clientOf(secretCredential('plain', chosenHash('wrong')))],
    ['of nobody', undefined],
  ])('that is wrong, %s, is a guess, and again it is none', async (_name, client) => {
    const { asked, context } = setUp()
    for (let times = 0; times < 2; times += 1) expect((await find(context, client, 'wrong')).found).toBeUndefined()
    expect(asked).toMatchObject([{ isRight: false }])
    await find(context, client, 'another')
    expect(asked).toHaveLength(2)
    expect(asked[1]?.marks).not.toEqual(asked[0]?.marks)
  })

  test('under the key that stands in for missing ones proves nothing', async () => {
    const { context } = setUp()
    const lost = retrievable('lost', 'x', chosenHash('x'), {
      retrievable: { ciphertext: Buffer.alloc(40), masterKeyId: masterKey.id },
    })
    for (const client of [undefined, clientOf(), clientOf(lost)]) {
      const jws = Buffer.alloc(32).toString('latin1')
      expect((await find(context, client, jws)).found).toBeUndefined()
    }
  })

  test('is told that a secret can’t be decrypted, unless another made it', async () => {
    const { context } = setUp()
    const lost = retrievable('lost', 'x', chosenHash('x'), {
      retrievable: { ciphertext: Buffer.alloc(40), masterKeyId: masterKey.id },
    })
    const unreadable = { kind: 'credential', id: 'lost', problem: expect.any(String) }
    const client = clientOf(lost)
    for (let times = 0; times < 2; times += 1)
      expect(await find(context, client, 'x')).toEqual({ found: undefined, lost: unreadable })
    expect((await find(context, clientOf(lost, chosen), 'c')).found).toBe(chosen)
  })

  test('under a secret that two credentials have belongs to the valid one', async () => {
    const { context } = setUp()
    const expired = retrievable('expired', 'c', chosenHash('c'), { expiresAt: HERE.at })
    expect((await find(context, clientOf(expired, chosen), 'c')).found).toBe(chosen)
    expect((await find(context, clientOf(expired), 'c')).found).toBe(expired)
  })

  test('must wait although it is right, if its sender has guessed too often', async () => {
    const { state, context } = setUp()
    state.refuses = true
    await expect(find(context, clientOf(chosen), 'c')).rejects.toBeInstanceOf(TooManyGuesses)
    expect((await find(context, clientOf(generated), 'g')).found).toBe(generated)
    await expect(find(context, clientOf(generated), 'wrong')).rejects.toBeInstanceOf(TooManyGuesses)
  })
})
