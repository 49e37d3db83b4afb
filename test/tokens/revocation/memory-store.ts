import { Audience, ClientId, Jti, KeyId } from '../../../src/oauth/ids.ts'
import type { AccessTokenClaims } from '../../../src/tokens/claims.ts'
import type { Revocation, RevocationStore } from '../../../src/tokens/revocation/store.ts'
import type { VerifiedToken } from '../../../src/tokens/verify.ts'

/** Revocations in memory, with counts of the calls. The calls fail on demand. */
export function createStore() {
  const rows: Revocation[] = []
  const state = { failing: false, reads: 0, lookUps: 0 }
  const store: RevocationStore = {
    addRevocations: async (revocations) => {
      if (state.failing) throw new Error('the database is away')
      rows.push(...revocations)
    },
    revocationsAfter: async (after, limit) => {
      state.reads += 1
      if (state.failing) throw new Error('the database is away')
      const page = rows.slice(after, after + limit)
      return { latest: after + page.length, found: page, unreadable: [] }
    },
    isTokenRevoked: async (id) => {
      state.lookUps += 1
      return rows.some((row) => row.kind === 'token' && row.id === id)
    },
    pruneRevocations: async (time, most) => {
      const expired = rows.filter(({ expiresAt }) => expiresAt <= time).slice(0, most)
      for (const row of expired) rows.splice(rows.indexOf(row), 1)
      return expired.length
    },
    longestLifetime: async () => 0,
    noteLifetime: async () => {},
  }
  return { store, rows, state }
}

/** A token with this id. */
export const tokenWith = (jti: string, claims: Partial<AccessTokenClaims> = {}): VerifiedToken => ({
  kid: KeyId('k'),
  claims: {
    iss: 'https://as',
    sub: 'a',
    jti: Jti(jti),
    client_id: ClientId('a'),
    aud: Audience('https://a'),
    iat: 1,
    exp: 2,
    ...claims,
  },
})
