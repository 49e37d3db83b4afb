import { findMatch } from '../../../src/client-auth/federation/find.ts'
import { presentedIssuers } from '../../../src/client-auth/federation/match.ts'
import { OutsideToken, show } from '../../../src/conditions/claims.ts'
import { Conditions, parseCondition } from '../../../src/conditions/conditions.ts'
import { refuseUnsound } from '../../../src/model/credentials/federated-trust.ts'
import { fill, jsonValues } from '../shapes.ts'
import { cases } from './case.ts'

/** Characters of one claim: a JWT of 16 KiB has no room for more. */
const CLAIM = 11_000
const NOW = Date.parse('2026-06-01T00:00:00Z')
const ISSUER = 'https://issuer.example'
const AUDIENCE = 'https://as.example.com'

const parsed = (json: string): unknown => JSON.parse(json)
const values = Object.entries(jsonValues(CLAIM)).filter(([name]) => name !== 'a text without end')
const claimsOf = (a: unknown) => ({
  iss: ISSUER,
  aud: AUDIENCE,
  sub: 'x',
  iat: NOW / 1000,
  exp: NOW / 1000 + 60,
  a,
  b: a,
})

/** Shapes that take the longest to compare and to search. */
const COMPARED = new Set(['members', 'objects of different shapes', 'texts', 'nested arrays', 'combining marks'])

const ones = (length: number) => new Array<number>(length).fill(1)
/** Claims that conditions take the longest to evaluate over. The small ones are for costly conditions. */
const claims: Readonly<Record<string, unknown>> = {
  ...Object.fromEntries(values.filter(([name]) => COMPARED.has(name)).map(([name, json]) => [name, parsed(json)])),
  'the maximum number of elements': ones(4_000),
  'failing elements': new Array<number>(1_000).fill(1.5),
  '400 elements': ones(400),
  '150 elements': ones(150),
  '30 elements': ones(30),
  'lists in a list': Array.from({ length: 60 }, () => ones(30)),
  'long texts': Array.from({ length: 80 }, () => 'a'.repeat(110)),
}

const many = (part: string, times: number): string => new Array<string>(times).fill(part).join(' && ')
const sixty = JSON.stringify(ones(60))
const conditions = [
  'claims.a.exists(x, x == "none")',
  'claims.a.all(x, size(x) > -1)',
  'claims.a.all(x, x.startsWith("q") || true)',
  'claims.a.all(x, x.y.z == 1 || true)',
  'claims.a.all(x, (x < "q") || (x + "q" == "") || !x || true)',
  'claims.a.all(x, claims.b.all(y, x == y || true))',
  'claims.a.all(x, claims.b.all(y, x < y || true))',
  'claims.a.all(x, !(2 in claims.b))',
  'claims.a.filter(x, claims.b.filter(y, x == y).size() > -1).size() == -1',
  `${sixty}.all(x, claims.a.all(y, y.startsWith("q") || true))`,
  `claims.a.all(y, ${sixty}.all(x, y.startsWith("q") || true))`,
  `${sixty}.all(x, ${sixty}.all(y, x.q == y || claims.a == claims.b))`,
  `[${sixty}].all(x, x.all(y, claims.a == claims.a + [y]) || true)`,
  `${sixty}.all(x, !claims.a.contains("${'a'.repeat(400)}b${'a'.repeat(400)}"))`,
  `!claims.a.contains("${'a'.repeat(900)}b${'a'.repeat(900)}")`,
  many('claims.a == claims.b', 35),
  many('size(claims.a) > -1', 30),
  many('claims.a[0] != "q"', 30),
  `${new Array(60).fill('claims.a').join(' + ')} != claims.a`,
  new Array(49).fill('claims.a == 1').join(' || '),
  Array.from({ length: 40 }, (_, index) => `claims.a[${index}] == 1`).join(' || '),
  'claims == claims.a',
]

const overAll = conditions.flatMap((text) =>
  Object.entries(claims).map(([name, a]) => [`${text.slice(0, 60)} over ${name}`, { text, a }] as const),
)

const credential = { issuer: ISSUER, audience: AUDIENCE, subject: 'y' }
const credentials = (more: object) => Array.from({ length: 100 }, () => ({ ...credential, ...more }))

export const federationCases = [
  ...cases(
    'parseCondition',
    ({ text, a }: { text: string; a: unknown }) => parseCondition(text).evaluate(new OutsideToken(claimsOf(a))),
    Object.fromEntries(overAll),
  ),
  ...cases('parseCondition, its text', parseCondition, {
    brackets: '('.repeat(2_048),
    'no end': `"${'\\"'.repeat(1_000)}`,
    operators: '!'.repeat(2_048),
    'a list': `claims.a in [${fill(2_000, '1,')}1]`,
    alternatives: `${fill(2_040, 'true || ')}true`,
    'a long condition': 'claims.a == 1 && '.repeat(10_000),
    spaces: ' '.repeat(2_048),
  }),
  // A hundred clients trust the issuer, and the request doesn't name one.
  ...cases(
    'findMatch',
    ({ a, more }: { a: unknown; more: object }) =>
      findMatch(credentials(more), new OutsideToken({ ...claimsOf(a), sub: a, aud: [AUDIENCE, a], azp: a }), {
        now: NOW,
        conditions: new Conditions(),
      }),
    {
      ...Object.fromEntries(values.map(([name, json]) => [name, { a: parsed(json), more: { claims: { azp: 'x' } } }])),
      'a costly condition in each': {
        a: ones(1_000),
        more: { when: 'claims.a.all(x, claims.b.all(y, x == y)) || claims.a.all(x, x < "")' },
      },
      'a condition that fails for each element': {
        a: ones(600),
        more: { when: 'claims.a.all(x, x.startsWith("q") || true)' },
      },
    },
  ),
  ...cases('presentedIssuers', (sub: string) => presentedIssuers({ sub, iss: sub }), {
    slashes: '/'.repeat(CLAIM),
    'a trust domain': `spiffe://${'a'.repeat(CLAIM)}/x`,
    'a path': `spiffe://a/${fill(CLAIM, 'a/')}`,
  }),
  ...cases('show', show, Object.fromEntries(values.map(([name, json]) => [name, parsed(json)]))),
  ...cases('refuseUnsound', (issuer: string) => refuseUnsound({ ...credential, issuer }), {
    'a long issuer': `https://${'a'.repeat(2_000)}`,
    'a trust domain': `spiffe://${'a'.repeat(2_000)}`,
  }),
]
