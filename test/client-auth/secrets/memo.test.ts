import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { SecretVerifier } from '../../../src/client-auth/secrets/verifier.ts'
import { ClientId, DEFAULT_TENANT } from '../../../src/oauth/ids.ts'
import { standingClock } from '../../harness/clock.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const RIGHT = 'correct horse'
const id = ClientId('client')
const place = { class: 'new', lanes: ['here'] } as const

/** A verifier that counts its slow hashes. */
function setUp() {
  const clock = standingClock()
  const counts = { hashes: 0 }
  const verifier = new SecretVerifier(clock, randomBytes, Buffer.alloc(32), async (secret) => {
    counts.hashes += 1
    return Buffer.from(secret)
  })
  const parameters = { logN: 14, r: 8, p: 5, salt: Buffer.alloc(16) }
  const createHolder = () => ({
    secrets: [{ hash: { kind: 'scrypt', parameters, digest: Buffer.from(RIGHT) } as const }],
  })
  let holder = createHolder()
  /** Presents a secret. @returns the number of slow hashes that this cost */
  const present = async (secret = RIGHT): Promise<number> => {
    const before = counts.hashes
    const mark = verifier.markOf(DEFAULT_TENANT, id, secret) ?? ''
    const found =
      verifier.findRemembered(DEFAULT_TENANT, id, holder, secret) ??
      (await verifier.findChosen(holder, secret, mark, place))
    expect(found).toBe(secret === RIGHT ? holder.secrets[0] : undefined)
    return counts.hashes - before
  }
  const changeClient = () => {
    holder = createHolder()
  }
  return { clock, present, changeClient }
}

test('a right secret is remembered for ten minutes after its last use', async () => {
  const { clock, present } = setUp()
  expect(await present()).toBe(1)
  for (let use = 0; use < 20; use += 1) {
    clock.advance(10 * MINUTE - 1)
    expect(await present()).toBe(0)
  }
  clock.advance(10 * MINUTE)
  expect(await present()).toBe(1)
})

test('after a day it is hashed anew, however often it was used', async () => {
  const { clock, present } = setUp()
  let hashes = 0
  for (let passed = 0; passed <= 3 * DAY; passed += 5 * MINUTE) {
    hashes += await present()
    clock.advance(5 * MINUTE)
  }
  expect(hashes).toBe(4)
})

test('it is forgotten when the client changes', async () => {
  const { present, changeClient } = setUp()
  expect(await present()).toBe(1)
  expect(await present()).toBe(0)
  changeClient()
  expect(await present()).toBe(1)
})

test('a wrong secret doesn’t prolong it', async () => {
  const { clock, present } = setUp()
  await present()
  clock.advance(10 * MINUTE - 1)
  expect(await present('wrong horse!!')).toBe(1)
  clock.advance(1)
  expect(await present()).toBe(1)
})
