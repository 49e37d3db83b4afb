/** Keys of every algorithm and state, the tokens that they have signed and sealed, and the same for a stranger. */

import { randomBytes } from 'node:crypto'
import { MasterKey } from '../../src/crypto/master-key.ts'
import { type KeyAlgorithm, SEALING } from '../../src/keys/algorithms.ts'
import { Keyring } from '../../src/keys/keyring.ts'
import type { KeyState, StoredKey } from '../../src/keys/store.ts'
import { signingAlgorithms } from '../../src/oauth/algorithms.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { signJwt } from '../../src/tokens/jwt.ts'
import { Sealer, Unsealer } from '../../src/tokens/sealed.ts'
import type { Verifier } from '../../src/tokens/verify.ts'
import { clockAt } from './clock.ts'
import { newCandidate } from './keys.ts'

export const ISSUER = 'https://as.example.com'
/** Seconds. */
export const NOW = 1_800_000_000

/** The claims of a good token of ours. */
export const CLAIMS = {
  iss: ISSUER,
  sub: 'reporter',
  aud: 'https://api.example.com',
  client_id: 'reporter',
  iat: NOW - 60,
  exp: NOW + 3600,
  jti: '019a3c5e-7d2f-7b60-8a11-5f2d3c4b5a69',
  scope: 'edit read',
}

const SEVERAL = {
  ...CLAIMS,
  aud: [CLAIMS.aud, 'https://vault.example.com'],
  scope: undefined,
  scp: ['edit'],
  name: 'ä€😀',
}

const algorithms: readonly KeyAlgorithm[] = [...signingAlgorithms, SEALING]
const masterKey = new MasterKey(randomBytes(32), systemRandom)

const newKeys = async (): Promise<readonly StoredKey[]> =>
  Promise.all(
    algorithms.map(async (algorithm) => ({
      ...(await newCandidate(algorithm, masterKey)),
      state: 'active' as const,
      createdAt: 0,
      activeAt: 0,
      goneAt: undefined,
    })),
  )

const inState = (keys: readonly StoredKey[], state: KeyState): readonly StoredKey[] =>
  keys.map((key) => ({ ...key, state }))

const openRing = (keys: readonly StoredKey[]): Promise<Keyring> =>
  Keyring.open({ listKeys: async () => ({ found: keys, unreadable: [], masterKeyId: masterKey.id }) }, masterKey)

export const sealer = new Sealer(systemRandom)

/** One token for each algorithm and format. */
async function issueAll(keyring: Keyring, claims: object): Promise<readonly string[]> {
  const jwts = signingAlgorithms.flatMap((algorithm) =>
    (['at+jwt', 'JWT'] as const).map(async (typ) => signJwt(await keyring.signer(algorithm), typ, claims)),
  )
  return Promise.all(
    [...jwts, keyring.sealingKey()].map(async (made) => {
      const token = await made
      return typeof token === 'string' ? token : sealer.seal(token, claims)
    }),
  )
}

const [active, retiring, revoked, strange] = await Promise.all([newKeys(), newKeys(), newKeys(), newKeys()])

/** The server's keyring: active and retiring keys. It holds no revoked key. */
export const ring = await openRing([...active, ...inState(retiring, 'retiring'), ...inState(revoked, 'revoked')])
/** Keys of the same kinds that belong to somebody else. */
export const stranger = await openRing(strange)

export const kids = [...active, ...retiring, ...revoked, ...strange].map(({ kid }) => kid)

export const verifier: Verifier = {
  issuer: ISSUER,
  keyring: ring,
  unsealer: new Unsealer(),
  clock: clockAt(NOW * 1000 + 999),
}

/** Exactly the tokens that must verify. */
export const genuine: ReadonlyMap<string, object> = new Map(
  (
    await Promise.all(
      [ring, await openRing(retiring)].flatMap((keyring) =>
        [CLAIMS, SEVERAL].map(async (claims) =>
          (await issueAll(keyring, claims)).map((token) => [token, JSON.parse(JSON.stringify(claims))] as const),
        ),
      ),
    )
  ).flat(),
)

/**
 * Tokens with a valid signature or seal that must not verify: the key is revoked or a stranger's, or the time is wrong.
 */
export const worthless: readonly string[] = (
  await Promise.all([
    issueAll(await openRing(revoked), CLAIMS),
    issueAll(stranger, CLAIMS),
    issueAll(ring, { ...CLAIMS, exp: NOW }),
    issueAll(ring, { ...CLAIMS, iss: `${ISSUER}/` }),
  ])
).flat()
