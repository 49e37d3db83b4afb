import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, test } from 'vitest'

const NAMES = /import\s+(?:type\s+)?\{([^}]*)\}\s*from\s*'(\.[^']+)'/g
const LOADED = /const \{([^}]*)\} = await import\('(\.[^']+)'\)/g
const EXPORT = /^export (?:async )?(?:const|function\*?|class) (\w+)/gm

/** Values that only other folders than src import, with the reason. */
const REASONED: Readonly<Record<string, string>> = {
  'src/administrators/accounts/totp.ts totpCode': 'tests make codes, as an app does',
  'src/cli/main.ts program': 'tests list the commands and options',
  'src/input/database-location.ts MOST_HOSTS': 'tests exceed the limit',
  'src/management/explanations/advice/table.ts generalRemedies': 'tests compare it with the table of refusals',
  'src/observability/table.ts processMetricTable': 'the page of metrics is made from it',
  'src/server/reload/table.ts reloadReference': 'the page on reloading is made from it',
  'src/store/open.ts connect': 'the bench measures each migration',
  'src/store/tables/changes.ts CHANGES_KEPT': 'tests exceed the limit',
  'src/tokens/presets.ts presetless': 'the page of presets is made from it',
  'src/usage/counter.ts COUNTER_LIMITS': 'tests exceed the limits',
}

/** The values that a file exports and no other file of src imports, by file and name. */
function unusedIn(sources: ReadonlyMap<string, string>): readonly string[] {
  const used = new Set<string>()
  for (const [file, source] of sources) {
    for (const [, names = '', path = ''] of [...source.matchAll(NAMES), ...source.matchAll(LOADED)]) {
      const target = normalize(join(dirname(file), path))
      for (const name of names.split(',')) used.add(`${target} ${name.trim().split(/ as |:/)[0]}`)
    }
  }
  const exported = [...sources].flatMap(([file, source]) =>
    [...source.matchAll(EXPORT)].map(([, name]) => `${file} ${name}`),
  )
  return exported.filter((one) => !used.has(one)).sort()
}

test('src uses all its exports', () => {
  const sources = new Map(globSync('src/**/*.ts').map((file) => [file, readFileSync(file, 'utf8')]))
  // `main.ts` imports each command dynamically.
  const commands = /^src\/cli\/[a-z-]+\.ts /
  const unused = unusedIn(sources).filter((name) => !commands.test(name) || name in REASONED)
  expect(unused).toEqual(Object.keys(REASONED).sort())
})

test('the scan finds unused exports', () => {
  const sources = new Map([
    ['src/a.ts', 'export const one = 1\nexport function two() {}\nexport class Three {}\n'],
    ['src/b/c.ts', "import { one } from '../a.ts'\nconst { two } = await import('../a.ts')\n"],
  ])
  expect(unusedIn(sources)).toEqual(['src/a.ts Three'])
})
