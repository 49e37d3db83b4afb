import { expect, test } from 'vitest'
import { directly } from '../../../src/client-auth/remote-jwks/request.ts'

const FIRST = { address: '192.0.2.1', family: 4 }
const SECOND = { address: '2001:db8::1', family: 6 }

/** The answer of the resolver of a direct connection. */
const resolve = (addresses: readonly (typeof FIRST)[], all: boolean | undefined) =>
  new Promise<unknown>((done) =>
    directly(addresses).lookup('rebound.example', { ...(all !== undefined && { all }) }, (...answer) => done(answer)),
  )

test('a direct connection asks no resolver: every name has the checked addresses', async () => {
  expect(await resolve([FIRST, SECOND], true)).toEqual([null, [FIRST, SECOND]])
  for (const all of [false, undefined]) expect(await resolve([SECOND, FIRST], all)).toEqual([null, '2001:db8::1', 6])
})

test('without a checked address there is none', async () => {
  expect(await resolve([], true)).toEqual([null, []])
  expect(await resolve([], false)).toEqual([null, '', undefined])
})
