import { describe, expect, test } from 'vitest'
import { apiSchema } from '../../../src/management/schemas/api.ts'
import { clientSettingsSchema } from '../../../src/management/schemas/client.ts'
import { manifestCredentialSchema } from '../../../src/management/schemas/credential.ts'
import { withoutDefaults } from '../../../src/management/schemas/without-defaults.ts'

describe.each([
  ['an API', apiSchema, { audience: 'https://api.example.com', scopes: [{ name: 'read' }] }],
  ['a client', clientSettingsSchema, { client_id: 'a', grants: [{ api: 'https://api.example.com' }] }],
  ['a credential', manifestCredentialSchema, {}],
] as const)('%s', (_name, schema, given) => {
  const parsed = schema.parse(given)

  test('loses every field that its schema has filled in', () => {
    expect(Object.keys(parsed).length).toBeGreaterThan(Object.keys(given).length)
    expect(withoutDefaults(schema, parsed)).toEqual(given)
  })

  test('keeps a value that differs from a default, and no default is taken for it', () => {
    for (const [name, value] of Object.entries(parsed)) {
      const other = Array.isArray(value) ? ['other'] : typeof value === 'boolean' ? !value : 'other'
      expect(withoutDefaults(schema, { ...parsed, [name]: other })).toHaveProperty([name], other)
    }
  })

  test('has its fields in the order of the schema', () => {
    const reversed = Object.fromEntries(
      Object.keys(schema.shape)
        .map((name) => [name, 'other'])
        .reverse(),
    )
    expect(Object.keys(Object(withoutDefaults(schema, reversed)))).toEqual(Object.keys(schema.shape))
  })
})

test('an empty list of grants differs from the default', () => {
  expect(withoutDefaults(clientSettingsSchema, { client_id: 'a', grant_types: [] })).toHaveProperty('grant_types', [])
})
