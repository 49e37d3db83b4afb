import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { generatedDocs } from '../../scripts/generated-docs.ts'
import { manifestTableNames } from '../../scripts/manifest-tables.ts'
import { manifestJsonSchema } from '../../src/management/manifest/reading/json-schema.ts'

test.each(Object.keys(generatedDocs))('%s equals the output of `npm run docs`', (path) => {
  expect(readFileSync(path, 'utf8')).toBe(generatedDocs[path]?.())
})

test('the page of the manifest has a table for each mapping of its schema', () => {
  const page = readFileSync('docs/reference/manifest.md', 'utf8')
  const marks = [...page.matchAll(/<!-- begin: (.*) -->/g)].map(([, name]) => name)
  expect(marks.sort()).toEqual([...manifestTableNames].sort())
  const { defaults: _, ...properties } = manifestJsonSchema()['properties'] as Readonly<Record<string, unknown>>
  // The two key sets of a credential have one field each, which the text explains.
  expect(JSON.stringify({ properties }).match(/"properties":\{/g)).toHaveLength(manifestTableNames.length + 2)
})
