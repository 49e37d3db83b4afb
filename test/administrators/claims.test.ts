import { expect, test } from 'vitest'
import { type ClaimRules, personOf } from '../../src/administrators/sign-on/claims.ts'

const RULES: ClaimRules = {
  name_claim: 'sub',
  groups_claim: 'email',
  roles: [
    { claim: 'email', value: 'anna@example.com', role: 'admin' },
    { claim: 'groups', value: 'security', role: 'auditor' },
  ],
}
const TOKEN = { sub: 'anna', email: 'anna@example.com', groups: 'security' }

test.each([
  ['of which nothing is said', {}, true],
  ['that is verified', { email_verified: true }, true],
  ['that is verified, said as a text', { email_verified: 'true' }, true],
  ['that is not verified', { email_verified: false }, false],
  ['that is not verified, said as a text', { email_verified: 'false' }, false],
  ['of which something odd is said', { email_verified: 1 }, false],
  ['of which null is said', { email_verified: null }, false],
])('an address %s gives roles and memberships only if it may be believed', (_, said, isBelieved) => {
  expect(personOf({ ...TOKEN, ...said }, RULES)).toEqual({
    kind: 'sign_on',
    name: 'anna',
    roles: isBelieved ? ['auditor', 'admin'] : ['auditor'],
    claims: { email: isBelieved ? [TOKEN.email] : [], groups: ['security'] },
  })
})

test.each([
  ['a number', 7],
  ['an object', { security: true }],
  ['a list of lists', [['security']]],
  ['null', null],
  ['half of a character', ['\ud800']],
  ['a text of 257 characters', 'x'.repeat(257)],
])('a claim that is %s gives nothing', (_, groups) => {
  expect(() => personOf({ ...TOKEN, email: undefined, groups }, RULES)).toThrow('gives this person no role')
  expect(personOf({ ...TOKEN, groups }, RULES).claims['groups']).toEqual([])
})
