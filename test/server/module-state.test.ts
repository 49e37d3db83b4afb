import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

/** Files that keep state in the module, with the reason why no object holds it. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'src/cli/output.ts': 'the state of standard output, which a process has only once',
  'src/crypto/jws/decoys.ts': 'a table of constants, filled as it is needed: a key for each algorithm and size',
  'src/http/fitness.ts': 'the last host that was valid: one text of at most 300 characters',
  'src/observability/process.ts': 'measurements of the process, started once: at most one registry for each role',
  'src/platform/random.ts': 'a page of random bytes, which a process needs only once',
}

/** A variable, or an empty collection, which is filled later. Constant tables are made with their content. */
const STATE =
  /^(?:export )?(?:(?:let|var) |const \w+(?::[^=]+)? = (?:new (?:(?:Weak)?(?:Map|Set)(?:<.*>)?\(\)|LRUCache\b|WeakRef\b)|\[\]|\{\}))/gm
const TABLE = /^(?:export )?const (\w+)(?::[^=]+)? = new (?:Map|Set)\b/gm

/** Whether a file of `src/` has state in its module: a variable, an empty collection, or a table that it changes. */
function hasState(text: string): boolean {
  const changed = [...text.matchAll(TABLE)].some(([, name]) =>
    new RegExp(`\\b${name}\\.(?:set|add|delete|clear)\\(`).test(text),
  )
  return changed || text.search(STATE) !== -1
}

test('state lives in objects that the composition makes, not in modules', () => {
  const files = globSync('src/**/*.ts').filter((path) => hasState(readFileSync(path, 'utf8')))
  expect(files.toSorted()).toEqual(Object.keys(EXCEPTIONS).toSorted())
})

test.each([
  ['let last = 0', true],
  ['export let last: number | undefined', true],
  ['const memo = new WeakMap<Client, Decision>()', true],
  ['const memo: ReadonlyMap<string, Map<string, number>> = new Map()', true],
  ['const cache = new LRUCache<string, Key>({ max: 10 })', true],
  ['const waiting: string[] = []', true],
  ["const names = new Set(['a'])\nnames.add('b')", true],
  ["const names = new Set(['a'])\nnames.has('b')", false],
  ['class Cache {\n  readonly #memo = new Map<string, string>()\n}', false],
  ['function count() {\n  let sum = 0\n}', false],
])('%j: %s', (text, expected) => {
  expect(hasState(text)).toBe(expected)
})
