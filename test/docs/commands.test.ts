import { globSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { operations } from '../../src/admin/operations/operations.ts'
import { auditEventTypes } from '../../src/audit/event-types.ts'
import { optionInfos } from '../../src/config/option-infos.ts'
import { documentSchema } from '../../src/management/manifest/reading/schema.ts'
import { apiSchema } from '../../src/management/schemas/api.ts'
import { nearest } from '../../src/platform/nearest.ts'
import { codeOf, commandLinesOf, faultOfCommand } from '../harness/command-lines.ts'

const pages = globSync(['*.md', '{docs,deploy,examples,bench,console,simulation,site}/**/*.md'], {
  exclude: ['**/node_modules/**', 'site/.pages/**'],
})
const all = pages.map((path) => ({ path, code: codeOf(readFileSync(path, 'utf8')) }))

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Readonly<Record<string, string>> }
const faultsOfScripts = (text: string): readonly string[] =>
  [...text.matchAll(/\bnpm run(?: -s| --silent)? ([\w:-]+)/g)].flatMap(([line, name = '']) =>
    name in scripts ? [] : [line],
  )

const optionNames = new Set(optionInfos.map(({ key }) => key))
const inSource = new Set(
  globSync(['src/**/*.ts', 'scripts/**/*.ts']).flatMap(
    (path) => readFileSync(path, 'utf8').match(/\bTESSERA_\w+/g) ?? [],
  ),
)
const variables = new Set([...optionInfos.map(({ env }) => env), ...inSource])
const faultsOfVariables = (text: string): readonly string[] =>
  (text.match(/\bTESSERA_[A-Z0-9_]*[A-Z0-9](?!\w|\*)/g) ?? []).filter((name) => !variables.has(name))

const sections = new Set([...optionNames].filter((key) => key.includes('.')).map((key) => key.split('.')[0] ?? ''))
/** Names with a dot that are no options: operations, events, fields of manifests, and an attribute of OpenTelemetry. */
const others: ReadonlySet<string> = new Set([
  ...operations.map(({ id }) => id),
  ...auditEventTypes,
  ...Object.keys(apiSchema.shape.token.unwrap().shape).map((field) => `token.${field}`),
  'http.route',
])
const isOption = (key: string): boolean => optionNames.has(key)

/** The options that code within a line names, such as `runtime.port`. */
const faultsOfOptions = (text: string): readonly string[] =>
  /^[a-z_]+\.(?!ts$)[a-z_]+$/.test(text) &&
  sections.has(text.split('.')[0] ?? '') &&
  !isOption(text) &&
  !others.has(text)
    ? [text]
    : []

const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const topNames = [...sections, ...[...optionNames].filter((key) => !key.includes('.'))]

/** The keys of a configuration file that are no options. A manifest, or a block with a name unlike all of these, is another file. */
function faultsOfConfiguration(text: string): readonly string[] {
  const value: unknown = parse(text, { logLevel: 'silent' })
  if (!isMapping(value)) return []
  const names = Object.keys(value)
  if (names.some((name) => name in documentSchema.shape && name !== 'manifest')) return []
  if (names.length === 0 || names.some((name) => nearest(name, topNames) === undefined)) return []
  return names.flatMap((name) => {
    const part = value[name]
    if (isOption(name)) return []
    return sections.has(name) && isMapping(part)
      ? Object.keys(part)
          .map((key) => `${name}.${key}`)
          .filter((key) => !isOption(key))
      : [name]
  })
}

/** The places of secrets, copies and exports that a page writes where the user of the server has no right to, as it was installed. */
const faultsOfPlaces = (text: string): readonly string[] =>
  text.match(/(?:--secrets-to '?(?:file|env):|--to |--state )\/etc\/\S+|\/etc\/tessera\/\S*master\.key\b/g) ?? []

describe.each(all)('$path', ({ code }) => {
  const faultsBy = (faultsOf: (text: string) => readonly string[]) => code.flatMap(({ text }) => faultsOf(text))

  test('names commands and flags that exist', () => {
    expect(faultsBy((text) => commandLinesOf(text).flatMap((line) => faultOfCommand(line) ?? []))).toEqual([])
  })

  test('names the files of an installed server, and writes none where only root may', () => {
    expect(faultsBy(faultsOfPlaces)).toEqual([])
  })

  test('names scripts of package.json that exist', () => {
    expect(faultsBy(faultsOfScripts)).toEqual([])
  })

  test('names variables and options that exist', () => {
    expect(faultsBy(faultsOfVariables)).toEqual([])
    expect(code.filter(({ language }) => language === '').flatMap(({ text }) => faultsOfOptions(text))).toEqual([])
    expect(
      code.filter(({ language }) => language === 'yaml').flatMap(({ text }) => faultsOfConfiguration(text)),
    ).toEqual([])
  })
})

describe('a mistake is found', () => {
  test.each([
    ['tessera clients lst', 'tessera clients lst: no command lst'],
    ['./tessera apply -f x.yaml --dryrun | cat', 'tessera apply -f x.yaml --dryrun: no option --dryrun'],
    ['X=1 tessera -c a.yaml clients list --colour', 'tessera -c a.yaml clients list --colour: no option --colour'],
    ['kubectl exec pod -- tessera \\\n  keys rotat', 'tessera keys rotat: no command rotat'],
    ['tessera credentials rotate nightly --secrets-to "exec:jq -r .secret | cat" > file', undefined],
    ['sudo -u tessera /usr/bin/tessera keys lst', 'tessera keys lst: no command lst'],
    ['docker compose exec tessera tessera storage chck', 'tessera storage chck: no command chck'],
    ['tessera help clients list', undefined],
    ['tessera clients …', undefined],
    ['tessera show <client-id>', 'tessera show <client-id>: no command show'],
  ])('%s', (text, fault) => {
    expect(commandLinesOf(text).map(faultOfCommand)).toEqual([fault])
  })

  test('a name is no command', () => {
    const text = 'kubectl -n tessera create x\ndocker run tessera up\nuseradd tessera --system\ncd /opt/tessera && ls'
    expect(commandLinesOf(text)).toEqual([])
  })

  test.each([
    [faultsOfScripts, 'npm run -s docs && npm run docz', ['npm run docz']],
    [faultsOfPlaces, 'tessera apply --secrets-to file:/etc/tessera/a', ['--secrets-to file:/etc/tessera/a']],
    [faultsOfPlaces, 'cp /etc/tessera/next-master.key x', ['/etc/tessera/next-master.key']],
    [faultsOfVariables, 'TESSERA_ISSUER=x TESSERA_ISUER=y', ['TESSERA_ISUER']],
    [faultsOfOptions, 'runtime.prot', ['runtime.prot']],
    [faultsOfOptions, 'runtime.port', []],
    [faultsOfConfiguration, 'issuer: x\nruntime: { port: 1, prot: 2 }\nadmn: {}', ['runtime.prot', 'admn']],
    [faultsOfConfiguration, 'image: x\ntls: { secret: y }', []],
    [faultsOfConfiguration, 'apiVersion: v1\nkind: Service', []],
  ])('%o: %s', (faultsOf, text, faults) => {
    expect(faultsOf(text)).toEqual(faults)
  })

  test('in blocks and in lines', () => {
    expect(codeOf('a `b`\n```sh\nc\n```\n```\nd\n```\n')).toEqual([
      { language: 'sh', text: 'c\n' },
      { language: 'text', text: 'd\n' },
      { language: '', text: 'b' },
    ])
  })
})
