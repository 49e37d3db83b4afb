import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { MasterKey } from '../../src/crypto/master-key.ts'
import { SEALING } from '../../src/keys/algorithms.ts'
import { Keyring } from '../../src/keys/keyring.ts'
import { Audience, ClientId, DEFAULT_TENANT, TenantId } from '../../src/oauth/ids.ts'
import { systemRandom, uuidv7 } from '../../src/platform/random.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/tables/sql-store.ts'
import { signJwt } from '../../src/tokens/jwt.ts'
import { Revocations } from '../../src/tokens/revocation/revocations.ts'
import { Sealer, Unsealer } from '../../src/tokens/sealed.ts'
import { type Verifier, verifyToken } from '../../src/tokens/verify.ts'
import { newCandidate } from '../harness/keys.ts'

const ISSUER = 'https://as.example.com'
const clock = { now: () => 1_800_000_000_000, monotonic: () => 0 }
const AUDIENCE = Audience('https://api.example.com')

let folder: string
let store: Store
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-tokens-'))
  store = await openStore(`sqlite:${join(folder, 'tessera.db')}`, clock)
})
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

/** A tenant with keys, its tokens in both formats, and what judges tokens there. All tenants have one issuer and one client id. */
async function openTenant(tenant: TenantId) {
  const stores = store.of(tenant)
  const masterKey = new MasterKey(bytes, systemRandom, undefined, tenant)
  const life = { state: 'active', createdAt: 0, activeAt: 0, goneAt: undefined } as const
  const keys = [await newCandidate('ES256', masterKey), await newCandidate(SEALING, masterKey)]
  await stores.keys.updateKeys(() => ({ add: keys.map((key) => ({ ...key, ...life })), put: [] }))
  const keyring = await Keyring.open(stores.keys, masterKey)
  const verifier: Verifier = { issuer: ISSUER, keyring, unsealer: new Unsealer(), clock }
  const now = clock.now() / 1000
  const jti = uuidv7(clock, systemRandom)
  const claims = { iss: ISSUER, sub: 'a', aud: AUDIENCE, client_id: 'a', iat: now, exp: now + 60, jti }
  const jwt = await signJwt(await keyring.signer('ES256'), 'at+jwt', claims)
  const sealed = await new Sealer(systemRandom).seal(await keyring.sealingKey(), claims)
  return { verifier, tokens: [jwt, sealed], revocations: await Revocations.open(stores.revocations, clock) }
}

const bytes = randomBytes(32)

test('a token of one tenant is none of another, and lives on where its like is revoked at another', async () => {
  const one = await openTenant(DEFAULT_TENANT)
  const other = await openTenant(TenantId('other'))
  for (const [mine, foreign] of [
    [one, other],
    [other, one],
  ] as const) {
    for (const token of mine.tokens) {
      expect(verifyToken(mine.verifier, token)?.claims.client_id).toBe('a')
      expect(verifyToken(foreign.verifier, token)).toBeUndefined()
    }
  }
  const expiresAt = clock.now() + 60_000
  await one.revocations.revoke({ kind: 'client', id: ClientId('a'), issuedBefore: clock.now(), expiresAt })
  for (const [{ verifier, tokens, revocations }, isRevoked] of [
    [one, true],
    [other, false],
  ] as const) {
    await revocations.poll()
    for (const token of tokens) {
      const verified = verifyToken(verifier, token)
      expect(verified && (await revocations.isRevoked(verified))).toBe(isRevoked)
    }
  }
})
