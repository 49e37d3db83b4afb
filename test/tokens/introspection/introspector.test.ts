import { describe, expect, test } from 'vitest'
import { ApiSet } from '../../../src/model/api-set.ts'
import type { Client } from '../../../src/model/client.ts'
import { Audience, Jti } from '../../../src/oauth/ids.ts'
import { systemRandom, uuidv7 } from '../../../src/platform/random.ts'
import { TokenIntrospector } from '../../../src/tokens/introspection/introspector.ts'
import { signJwt } from '../../../src/tokens/jwt.ts'
import { Revocations } from '../../../src/tokens/revocation/revocations.ts'
import type { Verifier } from '../../../src/tokens/verify.ts'
import { apiWith, clientOf } from '../../harness/access-records.ts'
import { standingClock } from '../../harness/clock.ts'
import { CLAIMS, NOW, ring, sealer, verifier } from '../../harness/ring.ts'
import { createStore } from '../revocation/memory-store.ts'

const API = Audience(CLAIMS.aud)
const OTHER = Audience('https://vault.example.com')
const owner = clientOf({})

/** An introspector with an API and a client. The clock starts when the tokens are issued. */
async function setUp() {
  const clock = standingClock(NOW)
  const state = {
    apis: new ApiSet([apiWith(API, 'read')]),
    client: owner as Client | undefined,
    verifications: 0,
    refreshes: 0,
    /** The client that a refresh finds. */
    afterRefresh: owner as Client | undefined,
  }
  const counting: Verifier = {
    ...verifier,
    clock,
    get unsealer() {
      state.verifications += 1
      return verifier.unsealer
    },
  }
  const revocations = await Revocations.open(createStore().store, clock)
  const introspector = new TokenIntrospector({
    verifier: counting,
    changes: {
      catchUp: async () => {},
      refresh: async () => {
        state.refreshes += 1
        state.client = state.afterRefresh
      },
    },
    directory: {
      client: async () => state.client,
      get apis() {
        return state.apis
      },
    },
    revocations,
  })
  const jti = Jti(uuidv7(clock, systemRandom))
  const claims = { ...CLAIMS, client_id: 'client', jti, iat: NOW, exp: NOW + 3_600 }
  const token = await signJwt(await ring.signer('ES256'), 'at+jwt', claims)
  const ask = async (introspects: Client['introspects'] = 'all', which = token) =>
    (await introspector.introspect(clientOf({ introspects }), which))?.claims.jti
  return { state, clock, revocations, claims, jti, token, ask }
}

describe('a token is active', () => {
  test.each<[string, Client['introspects']]>([
    ['for a client that may introspect all', 'all'],
    ['for one that may introspect its API', [OTHER, API]],
    ['for one that names its API in another spelling', [Audience(`${API}/`)]],
  ])('%s', async (_name, introspects) => {
    const { ask, jti } = await setUp()
    expect(await ask(introspects)).toBe(jti)
  })

  test('in both formats, and is verified once', async () => {
    const { ask, claims, jti, state } = await setUp()
    const sealed = await sealer.seal(await ring.sealingKey(), claims)
    for (const [times, token] of [undefined, undefined, sealed, sealed].entries()) {
      expect(await ask('all', token)).toBe(jti)
      expect(state.verifications).toBe(times < 2 ? 1 : 2)
    }
  })

  test('as long as one of its APIs exists that the caller may introspect', async () => {
    const { ask, claims, state } = await setUp()
    const several = await sealer.seal(await ring.sealingKey(), { ...claims, aud: [API, OTHER] })
    expect(await ask([API], several)).toBe(claims.jti)
    expect(await ask([OTHER], several)).toBeUndefined()
    expect(await ask('all', several)).toBe(claims.jti)
    state.apis = new ApiSet([])
    expect(await ask('all', several)).toBeUndefined()
  })

  test('if the record of its API can’t be read', async () => {
    const { ask, jti, state } = await setUp()
    state.apis = new ApiSet([], [{ kind: 'api', id: API, problem: 'broken' }])
    expect(await ask()).toBe(jti)
  })
})

describe('a token is inactive', () => {
  test('for a client that may introspect other APIs alone', async () => {
    const { ask } = await setUp()
    expect(await ask([OTHER])).toBeUndefined()
  })

  test('once it has expired, also if it was seen before', async () => {
    const { ask, clock, jti } = await setUp()
    clock.advance(3_599_999)
    expect(await ask()).toBe(jti)
    clock.advance(1)
    expect(await ask()).toBeUndefined()
  })

  test('once it was revoked, also if it was seen before', async () => {
    const { ask, clock, jti, revocations } = await setUp()
    expect(await ask()).toBe(jti)
    await revocations.revoke({ kind: 'token', id: jti, expiresAt: clock.now() + 3_600_000 })
    expect(await ask()).toBeUndefined()
  })

  test.each([
    ['is disabled', clientOf({ enabled: false })],
    ['is gone', undefined],
  ])('once its client %s', async (_name, client) => {
    const { ask, clock, state } = await setUp()
    clock.advance(60_000)
    state.client = client
    expect(await ask()).toBeUndefined()
    expect(state.refreshes).toBe(0)
  })

  test('if it is none of ours', async () => {
    const { ask } = await setUp()
    expect(await ask('all', 'garbage')).toBeUndefined()
  })
})

describe('a token of the last minute, whose client is unknown', () => {
  test.each([
    ['active if another process has just made it', owner],
    ['inactive otherwise', undefined],
  ])('is %s', async (_name, afterRefresh) => {
    const { ask, clock, jti, state } = await setUp()
    clock.advance(59_999)
    Object.assign(state, { client: undefined, afterRefresh })
    expect(await ask()).toBe(afterRefresh && jti)
    expect(state.refreshes).toBe(1)
  })
})

test('a client that may introspect nothing is refused, whatever the token is', async () => {
  const { ask } = await setUp()
  await expect(ask([])).rejects.toThrow(expect.objectContaining({ reason: 'introspection_not_allowed' }))
})
