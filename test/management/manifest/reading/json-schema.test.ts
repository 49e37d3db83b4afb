import { globSync, readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { describe, expect, test } from 'vitest'
import { readYamlDocuments } from '../../../../src/input/yaml.ts'
import { manifestJsonSchema } from '../../../../src/management/manifest/reading/json-schema.ts'

const ajv = new Ajv({ strict: true, allowUnionTypes: true, formats: { 'date-time': true } })
const validate = ajv.compile(manifestJsonSchema())

/** The places of the mistakes in a manifest. */
function mistakesIn(text: string): readonly string[] {
  return readYamlDocuments('manifest.yaml', text).flatMap(({ value }) =>
    validate(value) ? [] : (validate.errors ?? []).map(({ instancePath }) => instancePath),
  )
}

/** The manifests in a page: its blocks of YAML with APIs or clients. */
const manifestsIn = (page: string): readonly string[] =>
  [...readFileSync(page, 'utf8').matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].flatMap(([, text = '']) =>
    /^(?:apis|clients|manifest|defaults):/m.test(text) ? [text] : [],
  )

const examples = [
  ['examples/manifest.yaml', readFileSync('examples/manifest.yaml', 'utf8')] as const,
  ...globSync(['README.md', 'docs/**/*.md']).flatMap((page) => manifestsIn(page).map((text) => [page, text] as const)),
]

describe('examples are valid', () => {
  test('there are some', () => {
    expect(examples.length).toBeGreaterThan(5)
  })
  test.each(examples)('in %s', (_page, text) => {
    expect(mistakesIn(text)).toEqual([])
  })
})

test.each([
  ['clients: [{ client_id: a, scope: [x] }]', '/clients/0'],
  ['clients: [{ name: a }]', '/clients/0'],
  ['clients: [{ client_id: 7 }]', '/clients/0/client_id'],
  ['clients: [{ client_id: a, scopes: x }]', '/clients/0/scopes'],
  ['clients: [{ client_id: a, require: mtls }]', '/clients/0/require'],
  ['clients: [{ client_id: a, credentials: [{ secret_evn: A }] }]', '/clients/0/credentials/0'],
  ['clients: { a: {} }', '/clients'],
  ['apis: [{ audience: "https://a", token: { format: jwe } }]', '/apis/0/token/format'],
  ['apis: [{ audience: "https://a", token: { lifetime: soon } }]', '/apis/0/token/lifetime'],
  ['apis: [{ audience: "https://a", scopes: [read] }]', '/apis/0/scopes/0'],
  ['defaults: { client: { client_id: a } }', '/defaults/client'],
  ['client: []', ''],
])('a mistake is found: %s', (text, place) => {
  expect(mistakesIn(text)).toContain(place)
})

test('every field of a document has a description', () => {
  const bare: string[] = []
  const visit = (schema: unknown, path: string) => {
    if (typeof schema !== 'object' || schema === null) return
    const { properties, items, anyOf } = Object.assign({ properties: {}, items: undefined, anyOf: [] }, schema)
    for (const [name, field] of Object.entries<object>(properties)) {
      if (!('description' in field)) bare.push(`${path}/${name}`)
      visit(field, `${path}/${name}`)
    }
    visit(items, path)
    for (const one of anyOf) visit(one, path)
  }
  visit(manifestJsonSchema(), '')
  expect(bare).toEqual([])
})
