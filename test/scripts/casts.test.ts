import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

/** Text in which `as` isn't a cast: comments, strings, and renamed imports and exports. */
const NO_CODE =
  /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\*[\s\S]*?\*\/|\/\/.*|^(?:import|export)[^;=(]*? from (?=')|\bimport \* as \w+/gm
const CAST = /\bas (?!const\b)\w.*/g

/** The remaining casts, with their reasons. */
const REASONED: Readonly<Record<string, string>> = {
  'src/oauth/ids.ts': 'the constructors of brands',
  'src/client-auth/authenticate.ts': 'the constructor of AuthenticatedClient',
  'src/http/unparsed.ts': 'Node declares the sockets of a server as streams',
  'src/store/sqlite/dialect.ts': 'the driver interface of Kysely is generic in the rows of a statement',
  'src/management/schemas/values.ts': 'TypeScript does not track the members that a filter leaves',
}

const castsIn = (source: string): readonly string[] =>
  [...source.replaceAll(NO_CODE, '').matchAll(CAST)].map(([cast]) => cast)

test('outside data is parsed, not cast', () => {
  const files = globSync('src/**/*.ts').filter((file) => castsIn(readFileSync(file, 'utf8')).length > 0)
  expect(files.sort()).toEqual(Object.keys(REASONED).sort())
})

test('the scan finds casts and nothing else', () => {
  expect(castsIn('const a = b as string\nconst c = [(d as E).f]')).toEqual(['as string', 'as E).f]'])
  const others = [
    "import { a as b } from 'c'",
    "import * as d from 'e'",
    '// f as g',
    "'h as i'",
    '`j as k`',
    'l as const',
  ]
  expect(castsIn(others.join('\n'))).toEqual([])
})
