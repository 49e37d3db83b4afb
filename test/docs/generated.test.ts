import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { generatedDocs } from '../../scripts/generated-docs.ts'

test.each(Object.keys(generatedDocs))('%s equals the output of `npm run docs`', (path) => {
  expect(readFileSync(path, 'utf8')).toBe(generatedDocs[path]?.())
})
