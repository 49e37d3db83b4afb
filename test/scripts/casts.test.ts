import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

/** Text in which `as` is no cast: comments, strings, and the names of what is imported or exported. */
const NO_CODE =
  /'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|\/\*[\s\S]*?\*\/|\/\/.*|^(?:import|export)[^;=(]*? from(?= ')|\bimport \* as \w+/gm
const CAST = /\bas (?!const\b)\w.*/g

/** Casts that stay, and why. */
const REASONED: Readonly<Record<string, string>> = {
  'src/oauth/ids.ts': 'the constructors of brands',
  'src/client-auth/authenticate.ts': 'the constructor of AuthenticatedClient',
  'src/http/unparsed.ts': 'Node types the sockets of a server as streams',
  'src/store/sqlite/dialect.ts': 'the driver of Kysely is generic in the rows of a statement',
  'src/management/manifest/convert.ts': 'TypeScript does not follow what is filtered from the members of an object',
}

const castsIn = (source: string): readonly string[] =>
  [...source.replaceAll(NO_CODE, '').matchAll(CAST)].map(([cast]) => cast)

test('what comes from outside is parsed, not cast', () => {
  const files = globSync('src/**/*.ts').filter((file) => castsIn(readFileSync(file, 'utf8')).length > 0)
  expect(files.sort()).toEqual(Object.keys(REASONED).sort())
})

test('the scan finds a cast, and nothing else', () => {
  expect(castsIn('const a = b as string\nconst c = [(d as E).f]')).toEqual(['as string', 'as E).f]'])
  const others = [
    "import { a as b } from 'c'",
    "import * as d from 'e'",
    '// f as g',
    'export interface F {\n  /** From: the time from which it counts as old. */\n}',
    "'h as i'",
    '`j as k`',
    'l as const',
  ]
  expect(castsIn(others.join('\n'))).toEqual([])
})
