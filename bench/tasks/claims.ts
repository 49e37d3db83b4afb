import { audience, type BenchClient, claimsOf, issuer, lifetime, scope } from '../fleet.ts'
import { expect } from './exchange.ts'

/** Requires exactly the claims of a live token and the named further ones. @throws Error with the difference */
export function expectClaims(
  claims: Readonly<Record<string, unknown>>,
  client: BenchClient,
  others: readonly string[],
): void {
  const names = [...Object.keys(claimsOf('', '', 0)), ...others]
  expect('claims', Object.keys(claims).sort().join(' '), names.sort().join(' '))
  expect('iss', claims['iss'], issuer)
  expect('aud', claims['aud'], audience)
  expect('sub', claims['sub'], client.id)
  expect('client_id', claims['client_id'], client.id)
  expect('scope', claims['scope'], scope)
  expect('lifetime', Number(claims['exp']) - Number(claims['iat']), lifetime)
  expect('whether it lives', Number(claims['exp']) * 1000 > Date.now(), true)
}
