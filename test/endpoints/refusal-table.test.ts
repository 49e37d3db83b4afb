import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { refusals } from '../../src/endpoints/refusal-table.ts'

const files = globSync('src/**/*.ts').map((file) => ({ file, text: readFileSync(file, 'utf8') }))

test('every table of refusals is merged into the one table, and no reason is declared twice', () => {
  const tables = files.filter(({ text }) => /satisfies RefusalTable/.test(text))
  expect(tables.length).toBeGreaterThan(10)
  const reasons = tables.flatMap(({ text }) => [...text.matchAll(/^ {2}([a-z_]+): \{/gm)].map(([, reason]) => reason))
  expect(reasons.toSorted()).toEqual(Object.keys(refusals).toSorted())
})

test('folders below the HTTP layer throw no refusals and set no headers', () => {
  const rooms = /^src\/(store|keys|model|audit|replay|crypto|platform|client-auth\/(throttle|secrets))\//
  const offenders = files.filter(
    ({ file, text }) => rooms.test(file) && /oauth\/refusal|Retry-After|http\/respond/.test(text),
  )
  expect(offenders.map(({ file }) => file)).toEqual([])
})
