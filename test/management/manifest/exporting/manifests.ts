/** Manifests with every field, as values that JSON can hold. */

import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'

/** A manifest, and the texts of its chosen secrets by client and label. */
export interface AnyManifest {
  readonly apis: readonly Readonly<Record<string, unknown>>[]
  readonly clients: readonly AnyClient[]
}

interface AnyClient extends Readonly<Record<string, unknown>> {
  readonly client_id: string
  readonly credentials: readonly { readonly label?: string; readonly secret?: string }[]
}

/** Texts that YAML could read as something else, or that break lines. */
const ODD = [
  'yes',
  'null',
  '~',
  '012',
  '1e3',
  '2030-01-01',
  '<<',
  '- x',
  'a: b',
  '# c',
  ' x ',
  '*y',
  '&z',
  '!t',
  '{',
  "it's",
  '"',
  '%',
  '@',
  'é 漢 😀',
  '\u{e0041}',
  '12:30:45',
  '=',
  '?',
]

const oddText = fc.oneof(fc.constantFrom(...ODD), fc.string({ minLength: 1, maxLength: 12, unit: 'binary' }))
const line = oddText.filter((text) => text.isWellFormed() && !/[\p{Cc}\u2028\u2029]/u.test(text))
// Databases hold no NUL.
const anyText = fc
  .oneof(oddText, fc.constantFrom('a\nb', '\ttab', 'x\u007f', '\u0085', '\u2028', ''))
  .filter((text) => text.isWellFormed() && !text.includes('\0'))

const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 }).map((value) => value + 0),
    anyText,
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(anyText, tie('json'), { maxKeys: 3 }),
  ),
}))

const maybe = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(value, { nil: undefined })
const claims = fc.dictionary(
  line.map((name) => `c ${name}`),
  json,
  { maxKeys: 2 },
)
const lifetime = fc.integer({ min: 1, max: 31_536_000 })
const proofs = fc.constantFrom('dpop', 'certificate_bound', 'sender_constrained')
const flags = fc.record({ common: maybe(fc.boolean()), on_request: maybe(fc.boolean()), description: maybe(line) })

const scopes = fc
  .tuple(
    fc.subarray(['a', 'b', 'c', 'd:1']),
    fc.subarray(['t:*', 'w:*/*']),
    fc.boolean(),
    fc.array(flags, { minLength: 7, maxLength: 7 }),
  )
  .map(([fixed, starred, hasGroup, settings]) => [
    ...[...fixed, ...starred].map((name, at) => ({ name, ...settings[at] })),
    ...(hasGroup && fixed.length > 0 ? [{ name: 'group', ...settings[6], includes: fixed }] : []),
  ])

const api = fc.record({
  audience: fc.constantFrom('https://1.example.com', 'urn:x:2', 'https://3.example.com/p?q=%20'),
  name: maybe(line),
  owner: maybe(line),
  token: maybe(
    fc.record({
      format: maybe(fc.constantFrom('jwt', 'sealed')),
      typ: maybe(fc.constantFrom('at+jwt', 'JWT')),
      algorithm: maybe(fc.constantFrom('ES256', 'RS256', 'EdDSA')),
      lifetime: maybe(lifetime),
      scope_claims: maybe(fc.subarray(['scp', 'scope'], { minLength: 1 })),
      claims: maybe(claims),
      client_claims: maybe(
        fc.dictionary(
          line.map((name) => `c ${name}`),
          fc.constantFrom('owner', 'metadata.x'),
          { maxKeys: 2 },
        ),
      ),
    }),
  ),
  scopes,
  require: maybe(proofs),
})

const { x, y } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
const jwks = { keys: [{ kty: 'EC', crv: 'P-256', x, y, kid: 'one: "1"' }] }
const trust = { issuer: 'https://issuer.example.com', audience: ['here', 'there'] } as const

const proof = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  fc.constant({ retrievable: true }),
  fc.nat({ max: 99 }).map((number) => ({ secret: `chosen ${number}` })),
  fc.constant({ jwks, algorithm: 'ES256' }),
  fc.constant({ jwks_uri: 'https://keys.example.com/jwks' }),
  fc
    .constantFrom({ san_dns: '*.example.com' }, { subject_dn: 'CN=a\\, b,O=c' })
    .map((certificate) => ({ certificate })),
  fc
    .constantFrom<object[]>(
      { ...trust, subject: 'repo:a/b', max_age: 60, algorithms: ['RS256'] },
      { ...trust, claims: { environment: 'yes', count: 1, on: true }, jwks },
      { ...trust, when: 'claims.ref == "refs/heads/main"', jwks_uri: 'https://keys.example.com/jwks' },
    )
    .map((federated) => ({ federated })),
)

const credentials = fc.uniqueArray(
  fc
    .tuple(
      fc.oneof(fc.constantFrom('', 'current', 'old-1'), line),
      proof,
      maybe(fc.constantFrom('2020-01-01T00:00:00.000Z', '2999-01-01T00:00:00.000Z')),
    )
    .map(([label, given, expires]) => ({ ...(label !== '' && { label }), ...given, ...(expires && { expires }) })),
  { maxLength: 3, selector: ({ label }) => label ?? '' },
)

const pickFrom = <Item>(items: readonly Item[]): fc.Arbitrary<Item[]> => fc.subarray([...items])

const clientOf = (
  apis: readonly { readonly audience: string; readonly scopes: readonly { readonly name: string }[] }[],
) => {
  const audiences = apis.map(({ audience }) => audience)
  const names = [...new Set(apis.flatMap((one) => one.scopes.map(({ name }) => name)))]
  const fixed = (given: readonly string[]) => given.filter((name) => !name.includes('*'))
  return fc
    .record({
      client_id: line,
      name: maybe(line),
      description: maybe(line),
      owner: maybe(line),
      tags: maybe(fc.array(line, { maxLength: 3 })),
      metadata: maybe(fc.dictionary(line, json, { maxKeys: 3 })),
      enabled: maybe(fc.boolean()),
      subject: maybe(line),
      grant_types: maybe(fc.constantFrom([], ['client_credentials'])),
      scopes: pickFrom(names),
      restrict_scopes: maybe(fc.boolean()),
      grants: fc.uniqueArray(
        fc
          .constantFrom(...apis)
          .chain((one) =>
            fc.record({ api: fc.constant(one.audience), scopes: pickFrom(one.scopes.map(({ name }) => name)) }),
          ),
        { maxLength: 2, selector: (one) => one.api },
      ),
      token: maybe(fc.record({ lifetime: maybe(lifetime), claims: maybe(claims) })),
      introspects: maybe(fc.oneof(fc.constant('all'), pickFrom(audiences))),
      auth_methods: maybe(fc.constant(['client_secret_basic', 'private_key_jwt'])),
      assertion_audience: maybe(fc.constantFrom('issuer', 'compatible')),
      require: maybe(proofs),
      tls_client_certificate_bound_access_tokens: maybe(fc.boolean()),
      credentials,
      hasDefaults: fc.boolean(),
    })
    .map(({ hasDefaults, ...client }) => ({
      ...client,
      grants: client.grants.map((one) => ({ ...one, ...(hasDefaults && { default_scopes: fixed(one.scopes) }) })),
      ...(hasDefaults && { default_scopes: fixed(client.scopes) }),
    }))
}

/** A manifest that has the right form, and refers only to what it has. */
export const anyManifest: fc.Arbitrary<AnyManifest> = fc
  .uniqueArray(api, { minLength: 1, maxLength: 3, selector: ({ audience }) => audience })
  .chain((apis) =>
    fc.record({
      apis: fc.constant(apis),
      clients: fc.uniqueArray(clientOf(apis), { maxLength: 3, selector: ({ client_id: id }) => id }),
    }),
  )
