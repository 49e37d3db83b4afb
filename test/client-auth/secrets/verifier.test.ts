import { pbkdf2Sync, randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { SecretVerifier } from '../../../src/client-auth/secrets/verifier.ts'
import { generateSecret } from '../../../src/model/credentials/generate-secret.ts'
import { readImportedHash } from '../../../src/model/credentials/imported-hash.ts'
import { type ScryptParameters, type SecretHash, sha256 } from '../../../src/model/credentials/secret-hash.ts'
import { ClientId, DEFAULT_TENANT, TenantId } from '../../../src/oauth/ids.ts'
import { systemRandom } from '../../../src/platform/random.ts'
import { standingClock } from '../../harness/clock.ts'

const id = ClientId('client')
const RIGHT = 'correct horse'
const place = (standing: 'proven' | 'new' = 'new') => ({ class: standing, lanes: ['here'] })

/** A slow hash of a test: the salt and the secret. */
const digestOf = (secret: string, salt: Buffer): Buffer =>
  Buffer.from(`${salt.toString('hex')} ${secret}`.padEnd(64).slice(0, 64))

const saltOf = (byte: number): Buffer => Buffer.alloc(16, byte)
const scrypt = (secret: string, salt = saltOf(1)) => ({
  hash: { kind: 'scrypt', parameters: { logN: 14, r: 8, p: 5, salt }, digest: digestOf(secret, salt) } as SecretHash,
})
const generated = (secret: string) => ({ hash: { kind: 'sha256', digest: sha256(secret) } as SecretHash })

function imported(secret: string) {
  const salt = Buffer.alloc(16, 7)
  const unpadded = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '')
  const digest = pbkdf2Sync(secret, salt, 10, 32, 'sha256')
  const { hash, fault } = readImportedHash(`$pbkdf2-sha256$i=10,l=32$${unpadded(salt)}$${unpadded(digest)}`)
  if (hash === undefined) throw new Error(fault)
  return { hash: hash as SecretHash }
}

/** A verifier whose slow hashes are recorded, and end on demand if it is held. */
function setUp({ isHeld = false } = {}) {
  const runs: ScryptParameters[] = []
  const ends: (() => void)[] = []
  const clock = standingClock()
  const verifier = new SecretVerifier(clock, randomBytes, Buffer.alloc(32), async (secret, parameters) => {
    runs.push(parameters)
    if (isHeld) await new Promise<void>((resolve) => ends.push(resolve))
    return digestOf(secret, parameters.salt)
  })
  type Holder = { readonly secrets: readonly { readonly hash: SecretHash }[] }
  const find = (holder: Holder | undefined, secret: string, standing: 'proven' | 'new' = 'new') =>
    verifier.findChosen(holder, secret, verifier.markOf(DEFAULT_TENANT, id, secret) ?? '', place(standing))
  const isKnownWrong = (holder: Holder | undefined, secret: string) =>
    verifier.isKnownWrong(holder, verifier.markOf(DEFAULT_TENANT, id, secret) ?? '')
  return { clock, verifier, runs, ends, find, isKnownWrong }
}

describe('a generated secret', () => {
  const [mine, other] = [generateSecret(systemRandom), generateSecret(systemRandom)]
  const { verifier } = setUp()

  test('is found by its digest, among others', () => {
    const secrets = [generated(other), scrypt(RIGHT), generated(mine)]
    expect(verifier.findGenerated({ secrets }, mine)).toBe(secrets[2])
    expect(verifier.findGenerated({ secrets: [generated(other)] }, mine)).toBeUndefined()
    expect(verifier.findGenerated({ secrets: [] }, mine)).toBeUndefined()
    expect(verifier.findGenerated(undefined, mine)).toBeUndefined()
  })

  test('is not looked for if the text has another form', () => {
    expect(verifier.findGenerated({ secrets: [generated(RIGHT)] }, RIGHT)).toBeUndefined()
  })

  test('has no mark, nor has a text of over 1,024 units; any other has one of its own', () => {
    const markOf = (secret: string, tenant = DEFAULT_TENANT, client = id) => verifier.markOf(tenant, client, secret)
    expect(markOf(mine)).toBeUndefined()
    expect(markOf('x'.repeat(1_025))).toBeUndefined()
    const mac = (alg: string, signature: string, tenant = DEFAULT_TENANT, client = id) =>
      verifier.markOfMac(tenant, client, { alg, signature: Buffer.from(signature) })
    const marks = [
      ...[markOf('x'.repeat(1_024)), markOf(''), markOf(RIGHT), markOf(RIGHT, TenantId('t'))],
      ...[markOf(RIGHT, DEFAULT_TENANT, ClientId('other')), mac('HS256', 'a'), mac('HS512', 'a'), mac('HS256', 'b')],
      ...[mac('HS256', 'a', TenantId('t')), mac('HS256', 'a', DEFAULT_TENANT, ClientId('other'))],
    ]
    expect(new Set(marks).size).toBe(10)
    expect(marks).not.toContain(undefined)
    expect(markOf(RIGHT)).toBe(markOf(RIGHT))
  })

  test('has other marks in a process with another key', () => {
    const foreign = new SecretVerifier(standingClock(), randomBytes, Buffer.alloc(32, 1))
    expect(foreign.markOf(DEFAULT_TENANT, id, RIGHT)).not.toBe(verifier.markOf(DEFAULT_TENANT, id, RIGHT))
  })
})

describe('a chosen secret', () => {
  test('is found among several, whichever salt each has', async () => {
    const { find } = setUp()
    const secrets = [scrypt('other'), scrypt('third', saltOf(2)), scrypt(RIGHT, saltOf(2)), generated(RIGHT)]
    expect(await find({ secrets }, RIGHT)).toBe(secrets[2])
    expect(await find({ secrets }, 'other')).toBe(secrets[0])
    expect(await find({ secrets }, 'wrong')).toBeUndefined()
  })

  test('costs one slow hash for each salt, and one if there is none or no client', async () => {
    const { find, runs } = setUp()
    await find({ secrets: [scrypt('a'), scrypt('b'), scrypt('c', saltOf(2))] }, RIGHT)
    expect(runs.map(({ salt }) => salt)).toEqual([saltOf(1), saltOf(2)])
    runs.length = 0
    await find({ secrets: [generated(RIGHT)] }, RIGHT)
    await find(undefined, 'another')
    expect(runs).toMatchObject([
      { r: 8, salt: { length: 16 } },
      { r: 8, salt: { length: 16 } },
    ])
    expect(runs[0]?.salt).not.toEqual(runs[1]?.salt)
  })

  test('of two requests at once costs one slow hash, unless their standings differ', async () => {
    const { find, runs, ends, verifier } = setUp({ isHeld: true })
    const holder = { secrets: [scrypt(RIGHT)] }
    const both = [find(holder, RIGHT), find(holder, RIGHT), find(holder, RIGHT, 'proven')]
    await new Promise<void>((resolve) => setImmediate(resolve))
    expect(verifier.hashes.running + verifier.hashes.waiting).toBe(2)
    while (runs.length > 0 && verifier.hashes.running > 0) {
      ends.shift()?.()
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
    expect(await Promise.all(both)).toEqual(both.map(() => holder.secrets[0]))
    expect(runs).toHaveLength(2)
  })

  test('in constant use is hashed anew after a day, also if nothing looked it up before', async () => {
    const { clock, find, runs } = setUp()
    const holder = { secrets: [scrypt(RIGHT)] }
    const day = 24 * 3_600_000
    for (let passed = 0; passed < day; passed += 300_000) {
      expect(await find(holder, RIGHT)).toBe(holder.secrets[0])
      clock.advance(300_000)
    }
    expect(runs).toHaveLength(1)
    await find(holder, RIGHT)
    expect(runs).toHaveLength(2)
  })

  test('is tried again if the client changed meanwhile', async () => {
    const { find, runs, ends } = setUp({ isHeld: true })
    const [before, after] = [{ secrets: [scrypt(RIGHT)] }, { secrets: [scrypt(RIGHT)] }]
    const first = find(before, RIGHT)
    const second = find(after, RIGHT)
    while (ends.length > 0) {
      ends.shift()?.()
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
    expect(await first).toBe(before.secrets[0])
    expect(await second).toBe(after.secrets[0])
    expect(runs).toHaveLength(2)
  })

  test('that was wrong is known to be, for that client as it is', async () => {
    const { find, isKnownWrong, verifier } = setUp()
    const holder = { secrets: [scrypt(RIGHT)] }
    await find(holder, 'wrong')
    await find(holder, RIGHT)
    await find(undefined, 'nobody')
    expect([isKnownWrong(holder, 'wrong'), isKnownWrong(holder, RIGHT), isKnownWrong(holder, 'new')]).toEqual([
      ...[true, false, false],
    ])
    expect(isKnownWrong({ ...holder }, 'wrong')).toBe(false)
    expect([isKnownWrong(undefined, 'nobody'), isKnownWrong(undefined, 'wrong')]).toEqual([true, false])
    verifier.noteWrong(undefined, 'mark')
    expect(verifier.isKnownWrong(undefined, 'mark')).toBe(true)
  })

  test('is remembered only for its client as it is', async () => {
    const { find, verifier } = setUp()
    const holder = { secrets: [scrypt('other'), scrypt(RIGHT)] }
    const remembered = (secret: string, of: typeof holder | undefined = holder) =>
      verifier.findRemembered(DEFAULT_TENANT, id, of, secret)
    expect(remembered(RIGHT)).toBeUndefined()
    await find(holder, RIGHT)
    expect(remembered(RIGHT)).toBe(holder.secrets[1])
    await find(holder, 'other')
    expect([remembered(RIGHT), remembered('other')]).toEqual([holder.secrets[1], holder.secrets[0]])
    expect(remembered('wrong')).toBeUndefined()
    expect(remembered(RIGHT, { ...holder })).toBeUndefined()
    expect(verifier.findRemembered(DEFAULT_TENANT, id, undefined, RIGHT)).toBeUndefined()
    expect(remembered('x'.repeat(1_025))).toBeUndefined()
  })
})

describe('a secret with an imported hash', () => {
  test('is found, and has a hash of ours from then on', async () => {
    const { find, verifier, runs } = setUp()
    const holder = { secrets: [imported('other'), imported(RIGHT)] }
    const found = await find(holder, RIGHT)
    expect(found).toBe(holder.secrets[1])
    const [parameters] = runs
    expect(found && verifier.ownHashOf(found)).toEqual({
      kind: 'scrypt',
      parameters,
      digest: digestOf(RIGHT, parameters?.salt ?? Buffer.alloc(0)),
    })
    expect(runs).toHaveLength(1)
  })

  test('that is wrong leaves nothing but that', async () => {
    const { find, verifier, isKnownWrong } = setUp()
    const holder = { secrets: [imported(RIGHT)] }
    expect(await find(holder, 'wrong')).toBeUndefined()
    expect(isKnownWrong(holder, 'wrong')).toBe(true)
    expect(holder.secrets.map((secret) => verifier.ownHashOf(secret))).toEqual([undefined])
  })

  test('stands beside one of ours', async () => {
    const { find, verifier } = setUp()
    const holder = { secrets: [imported('old'), scrypt(RIGHT)] }
    expect(await find(holder, RIGHT)).toBe(holder.secrets[1])
    expect(await find(holder, 'old')).toBe(holder.secrets[0])
    expect(holder.secrets[1] && verifier.ownHashOf(holder.secrets[1])).toBeUndefined()
  })
})

test('slow hashes leave a core and a thread free, if there is more than one', async () => {
  const { verifier, find, ends } = setUp({ isHeld: true })
  const most = Math.max(1, Math.min(3, availableParallelism() - 1))
  const all = Promise.all(Array.from({ length: 5 }, (_, index) => find(undefined, `secret ${index}`)))
  expect([verifier.hashes.running, verifier.hashes.waiting]).toEqual([most, 5 - most])
  while (verifier.hashes.running > 0) {
    for (const end of ends.splice(0)) end()
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(await all).toEqual(Array.from({ length: 5 }))
})

test('a secret that is hashed while its client gets it is not wrong for the changed client', async () => {
  const { find, ends } = setUp({ isHeld: true })
  const [before, after] = [{ secrets: [scrypt('former')] }, { secrets: [scrypt(RIGHT)] }]
  const [early, late] = [find(before, RIGHT), find(after, RIGHT)]
  while (ends.length > 0) {
    ends.shift()?.()
    await nextTurn()
  }
  expect([await early, await late]).toEqual([undefined, after.secrets[0]])
})
