import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { badImportsOfConsole } from '../../scripts/console-imports.ts'

const badIn = (file: string, to: string) =>
  badImportsOfConsole(
    readFileSync('console/README.md', 'utf8'),
    new Map([[`console/src/${file}`, [`console/src/${to}`]]]),
  )

test.each([
  ['a feature and the shared parts', 'features/keys/page.tsx', 'shared/list.tsx'],
  ['two files of one feature', 'features/keys/page.tsx', 'features/keys/table/row.tsx'],
  ['the frame and a feature', 'app/router.tsx', 'features/keys/routes.ts'],
  ['the start and the frame', 'main.tsx', 'app/router.tsx'],
])('%s may be joined', (_, file, to) => {
  expect(badIn(file, to)).toEqual([])
})

test.each([
  [
    'a feature imports another',
    'features/keys/page.tsx',
    'features/audit/queries.ts',
    /no feature may import another.*audit/,
  ],
  ['a shared part imports a feature', 'shared/list.tsx', 'features/keys/page.tsx', /shared may not import features/],
  ['a call of the API imports a part', 'api/me.ts', 'shared/list.tsx', /api may not import shared/],
  ['a text imports a part', 'texts/keys.ts', 'shared/list.tsx', /texts may not import shared/],
  ['a folder has no rule', 'other/keys.ts', 'shared/list.tsx', /README.md: has no row for src\/other/],
])('it is refused that %s', (_, file, to, expected) => {
  expect(badIn(file, to)).toEqual([expect.stringMatching(expected)])
})
