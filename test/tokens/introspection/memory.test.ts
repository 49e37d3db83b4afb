import { expect, test } from 'vitest'
import { ApiSet } from '../../../src/model/api-set.ts'
import { Audience, Jti } from '../../../src/oauth/ids.ts'
import { systemRandom, uuidv7 } from '../../../src/platform/random.ts'
import { TokenIntrospector } from '../../../src/tokens/introspection/introspector.ts'
import { Revocations } from '../../../src/tokens/revocation/revocations.ts'
import { apiWith, clientOf } from '../../harness/access-records.ts'
import { standingClock } from '../../harness/clock.ts'
import { bytesInUse } from '../../harness/memory.ts'
import { CLAIMS, NOW, ring, sealer, verifier } from '../../harness/ring.ts'
import { createStore } from '../revocation/memory-store.ts'

const MB = 1024 * 1024

/** A value of so many characters of JSON. Its objects have names that no other token has. */
const nested = (token: number, length: number) => {
  const objects: object[] = []
  for (let left = length; left > 0; left -= 20) objects.push({ [`${token} ${left}`]: {} })
  return objects
}

test.each<[string, (token: number) => object]>([
  ['the longest tokens', (token) => ({ note: `${token}`.padEnd(11_000, 'x') })],
  ['tokens of many objects', (token) => ({ note: nested(token, 10_000) })],
])('verified tokens take few bytes in all: %s', async (_name, claimsOf) => {
  const clock = standingClock(NOW)
  const introspector = new TokenIntrospector({
    verifier: { ...verifier, clock },
    changes: { catchUp: async () => {}, refresh: async () => {} },
    directory: { client: () => clientOf({}), apis: new ApiSet([apiWith(CLAIMS.aud, 'read')]) },
    revocations: await Revocations.open(createStore().store, clock),
  })
  const introspect = async (token: number) => {
    const claims = { ...CLAIMS, client_id: 'client', jti: Jti(uuidv7(clock, systemRandom)), iat: NOW, exp: NOW + 3_600 }
    const text = await sealer.seal(await ring.sealingKey(), { ...claims, ...claimsOf(token) })
    return introspector.introspectFor([Audience(CLAIMS.aud)], text)
  }
  expect(await introspect(0)).toBeDefined()
  const before = bytesInUse()
  for (let token = 1; token <= 2_000; token += 1) await introspect(token)
  expect(bytesInUse() - before).toBeLessThan(36 * MB)
  expect(await introspect(0)).toBeDefined()
})
