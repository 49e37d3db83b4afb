import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseAllDocuments, stringify } from 'yaml'
import { z } from 'zod'
import { applyManifest } from '../../../../src/management/manifest/apply.ts'
import { type ManifestFile, parseManifests } from '../../../../src/management/manifest/reading/parse.ts'
import { documentSchema } from '../../../../src/management/manifest/reading/schema.ts'
import { noSecrets } from '../../../../src/management/manifest/secret-source.ts'
import { checkManifest } from '../../../../src/management/manifest/validate.ts'
import { Mistakes, UserError } from '../../../../src/platform/user-error.ts'
import { TEST_SETTINGS } from '../../../harness/apply-settings.ts'
import type { Schema } from '../../../harness/described.ts'
import { extent } from '../../../harness/extent.ts'
import { bytesInUse } from '../../../harness/memory.ts'
import { fitting } from '../../../harness/schema-values.ts'
import { makeModel, type Setting } from '../../setting.ts'

const RUNS = extent(200, 60_000)
const APPLIED = extent(40, 3_000)

/** Names that documents share, so that references often meet something. */
const AUDIENCES = [
  'https://api.example.com',
  'https://other.example.com',
  'HTTPS://api.example.com:443',
  'urn:tessera:admin',
]
const SCOPES = ['edit', 'read', 'files:*', 'files:1', 'plans:write']
const CLIENTS = ['job', 'off', 'new']
const known = {
  audience: AUDIENCES,
  api: AUDIENCES,
  default_api: AUDIENCES,
  introspects: AUDIENCES,
  client_id: CLIENTS,
  client: CLIENTS,
  renamed_from: [...CLIENTS, ...AUDIENCES, ...SCOPES],
  name: SCOPES,
  scopes: SCOPES,
  default_scopes: SCOPES,
  includes: SCOPES,
  expires: ['90d', '1s', '0d', '999999d', '2030-01-01T00:00:00Z'],
  lifetime: ['10m', '1d', '366d'],
  issuer: ['https://ci.example.com', 'spiffe://example.com'],
  label: ['first', 'second'],
}

const schema = z.toJSONSchema(documentSchema, { io: 'input', unrepresentable: 'any' }) as Schema
const fittingDocument = fitting({ schemas: {}, known }, schema)

const odd = fc.oneof(
  fc.constantFrom<unknown>(null, true, -1, 1e308, 0.5, '', ' ', '\u0000', '\ud800', '\u202e', 'x'.repeat(5_000), '💣'),
  fc.constantFrom<unknown>(
    {},
    [],
    [[]],
    [{}],
    { __proto__: null },
    '__proto__',
    'constructor',
    '10m',
    '0s',
    '*',
    '<<',
    '~',
  ),
  fc.constantFrom<unknown>(...AUDIENCES, ...SCOPES, ...CLIENTS),
  fc.jsonValue({ maxDepth: 3 }),
)

type Change = readonly [place: number, other: unknown, how: 'replace' | 'remove' | 'repeat' | 'rename' | 'unknown']
const change: fc.Arbitrary<Change> = fc.tuple(
  fc.nat(),
  odd,
  fc.constantFrom('replace', 'remove', 'repeat', 'rename', 'unknown'),
)

/** A document in which some places have odd values, are missing, stand twice, or have another name. */
const mutated = fc.tuple(fittingDocument, fc.array(change, { maxLength: 4 })).map(([value, changes]) =>
  changes.reduce<unknown>((before, [place, other, how]) => {
    const copy = structuredClone(before)
    const places = placesIn(copy)
    const [holder, key] = places[place % Math.max(1, places.length)] ?? []
    if (holder === undefined || key === undefined) return other
    if (Array.isArray(holder)) {
      if (how === 'repeat') holder.push(structuredClone(holder[Number(key)]))
      else if (how === 'remove') holder.splice(Number(key), 1)
      else holder[Number(key)] = other
      return copy
    }
    const name = how === 'unknown' ? '__proto__' : `${key}s`
    if (how === 'remove') delete holder[key]
    else if (how === 'rename' || how === 'unknown')
      Object.defineProperty(holder, name, { value: other, enumerable: true, configurable: true, writable: true })
    else holder[key] = other
    return copy
  }, value),
)

type Holder = Record<string, unknown> | unknown[]

function placesIn(value: unknown): readonly (readonly [Holder, string])[] {
  if (typeof value !== 'object' || value === null) return []
  const holder: Holder = Array.isArray(value) ? value : Object.assign(value)
  return Object.entries(value).flatMap(([key, inner]) => [[holder, key] as const, ...placesIn(inner)])
}

const written = mutated.chain((value) =>
  fc.constantFrom(
    stringify(value, { aliasDuplicateObjects: false }),
    stringify(value, { aliasDuplicateObjects: true, indent: 4, collectionStyle: 'flow' }),
    JSON.stringify(value) ?? '',
    `\ufeff${stringify(value)}`,
    stringify(value).replaceAll('\n', '\r\n'),
    stringify(value).replaceAll('  ', '\t'),
  ),
)

const SNIPPETS = [
  '&a ',
  '*a',
  '<<: *a\n',
  '<<: [*a, *a]\n',
  '\n---\n',
  '\n...\n',
  '%YAML 1.1\n---\n',
  '\t',
  '\r',
  '\u0085',
  '\u2028',
]
const MORE = [
  '\ud800',
  '\udc00',
  '\u0000',
  '\u001b[31m',
  '!!str ',
  '!x ',
  '|\n',
  '>-\n',
  '? ',
  ': ',
  '- ',
  '[',
  '{',
  '"',
  "'",
  '#',
  '@',
]
const WHOLE = [
  '\ndefaults: { client: { tags: [x], owner: y } }\n',
  '\nmanifest: other\n',
  '\ntests: [{ client: job, gets: {} }]\n',
]

/** A text in which something is inserted, cut off or repeated. */
const damaged = fc
  .tuple(
    written,
    fc.array(fc.tuple(fc.nat(), fc.constantFrom(...SNIPPETS, ...MORE, ...WHOLE, 'cut', 'repeat')), { maxLength: 3 }),
  )
  .map(([text, damages]) =>
    damages.reduce((before, [place, what]) => {
      const at = place % (before.length + 1)
      if (what === 'cut') return before.slice(0, at)
      if (what === 'repeat') return before.slice(0, at) + before.slice(Math.max(0, at - 40))
      return before.slice(0, at) + what + before.slice(at)
    }, text),
  )

const binary = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('utf8'))

const files = fc
  .array(fc.oneof({ weight: 8, arbitrary: damaged }, { weight: 4, arbitrary: written }, binary), {
    minLength: 1,
    maxLength: 3,
  })
  .map((texts) => texts.map((content, index) => ({ name: `f${index}.yaml`, content })))

/** Words with which messages of zod begin. */
const OF_ZOD = /Invalid (input|string|option|key|element|value)|Unrecognized key|Too (small|big)|expected \w+, received/

const placed = /^(f\d+\.yaml):(\d+):(\d+): (.*)$/s

/** Requires that each mistake has a place in its file, is one line, and is in our words. */
function requirePlaced(error: unknown, given: readonly ManifestFile[]): void {
  if (!(error instanceof UserError)) throw error
  const theirs = new Map(given.map(({ name, content }) => [name, wordsOfYaml(content)]))
  for (const mistake of error instanceof Mistakes ? error.all : [error.message]) {
    const [, name, line, column, words = ''] = placed.exec(mistake) ?? []
    const { content } = given.find((file) => file.name === name) ?? {}
    expect(content, mistake).toBeDefined()
    const text = content?.split('\n')[Number(line) - 1]
    expect(text, mistake).toBeDefined()
    expect(Number(column), mistake).toBeGreaterThan(0)
    expect(Number(column), mistake).toBeLessThanOrEqual((text ?? '').length + 1)
    expect(words).not.toBe('')
    expect(words).not.toMatch(/\n/)
    expect(words).not.toMatch(OF_ZOD)
    for (const library of theirs.get(name ?? '') ?? []) expect(words).not.toContain(library)
  }
}

const wordsOfYaml = (text: string): readonly string[] => {
  const documents = parseAllDocuments(text, { prettyErrors: false, logLevel: 'silent' })
  return Array.isArray(documents)
    ? documents.flatMap(({ errors, warnings }) => [...errors, ...warnings].map(({ message }) => message))
    : []
}

/** Reads and checks a manifest. @returns undefined if it was refused as it must be */
function read(given: readonly ManifestFile[]) {
  try {
    const parsed = parseManifests(given)
    const { outside, warnings } = checkManifest(parsed)
    for (const one of [...outside, ...warnings]) requirePlaced(new Mistakes([one]), given)
    return parsed
  } catch (error) {
    requirePlaced(error, given)
    return undefined
  }
}

test(
  'any text is a manifest, or is refused in our words with a place in it',
  () => {
    let [valid, refused] = [0, 0]
    fc.assert(
      fc.property(files, (given) => {
        if (read(given) === undefined) refused += 1
        else valid += 1
      }),
      { numRuns: RUNS },
    )
    // Both happen, or the generator misses its aim.
    expect(Math.min(valid, refused)).toBeGreaterThan(0)
  },
  extent(120_000, 3_600_000),
)

describe('on a database', () => {
  let model: Awaited<ReturnType<typeof makeModel>>
  let setting: Setting
  beforeAll(async () => {
    model = await makeModel()
    setting = await model.copy()
  })
  afterAll(async () => {
    await setting.close()
    await model.remove()
  })

  test(
    'a manifest is planned and applied, or refused in our words; the second time changes nothing',
    async () => {
      let applied = 0
      const one = fc.tuple(written, fc.boolean(), fc.boolean())
      const property = fc.asyncProperty(one, async ([content, prune, takeOver]) => {
        const given = [{ name: 'f0.yaml', content }]
        const parsed = read(given)
        if (parsed === undefined) return
        const input = {
          parsed,
          source: noSecrets,
          server: TEST_SETTINGS,
          prune,
          takeOver,
          allowDestroy: true,
          ignoreTests: true,
        }
        try {
          await applyManifest(setting.context, { ...input, dryRun: true })
          await applyManifest(setting.context, { ...input, dryRun: false })
        } catch (error) {
          // A change may be refused for the present state as a whole.
          if (!(error instanceof UserError) || error.kind === 'invalid') requirePlaced(error, given)
          return
        }
        applied += 1
        const { steps } = await applyManifest(setting.context, { ...input, dryRun: true })
        expect(steps.filter(({ action }) => action !== 'unchanged')).toEqual([])
      })
      await fc.assert(property, { numRuns: APPLIED })
      expect(applied).toBeGreaterThan(0)
    },
    extent(120_000, 3_600_000),
  )
})

/** Texts that grow with a number, in each of the ways that could take more than linear time or room. */
const times = (count: number, of: (index: number) => string, between = ', ') =>
  Array.from({ length: count }, (_, index) => of(index)).join(between)

const growing: Readonly<Record<string, (count: number) => string>> = {
  clients: (n) => `clients: [${times(n, (i) => `{ client_id: c${i} }`)}]`,
  'unknown fields': (n) => `clients: [{ client_id: a, ${times(n, (i) => `scopse${i}: 1`)} }]`,
  'unknown scopes': (n) =>
    `apis: [{ audience: "a:b", scopes: [${times(n, (i) => `{ name: s${i} }`)}] }]\nclients: [{ client_id: a, scopes: [${times(n, (i) => `t${i}`)}] }]`,
  'unknown members of groups': (n) =>
    `apis: [{ audience: "a:b", scopes: [{ name: g, includes: [${times(n, (i) => `t${i}`)}] }, ${times(n, (i) => `{ name: s${i} }`)}] }]`,
  grants: (n) =>
    `apis: [${times(n, (i) => `{ audience: "a:b${i}" }`)}]\nclients: [{ client_id: a, grants: [${times(n, (i) => `{ api: "a:b${i}" }`)}] }]`,
  'grants at unknown APIs': (n) =>
    `apis: [${times(n, (i) => `{ audience: "a:b${i}" }`)}]\nclients: [{ client_id: a, grants: [${times(n, (i) => `{ api: "a:c${i}" }`)}] }]`,
  'introspection of unknown APIs': (n) =>
    `apis: [${times(n, (i) => `{ audience: "a:b${i}" }`)}]\nclients: [{ client_id: a, introspects: [${times(n, (i) => `"a:c${i}"`)}] }]`,
  'wrong defaults': (n) =>
    `defaults: { client: { tags: [${times(n, String)}] } }\nclients: [${times(n, (i) => `{ client_id: c${i} }`)}]`,
  'repeated names': (n) => `clients: [${times(n, () => '{ client_id: a }')}]`,
  documents: (n) => times(n, (i) => `clients: [{ client_id: c${i} }]`, '\n---\n'),
  'names of manifests': (n) => times(n, (i) => `manifest: m${i}`, '\n---\n'),
  anchors: (n) => times(n, (i) => `- &a${i} 1\n- *a${i}`, '\n'),
  'open brackets': (n) => '['.repeat(n * 10),
  'labels of credentials': (n) => `clients: [{ client_id: a, credentials: [${times(n, () => '{ label: x }')}] }]`,
}

/** Reads and checks a manifest, and takes any refusal of ours for an answer. */
function outcomeOf(given: readonly ManifestFile[]): unknown {
  try {
    return checkManifest(parseManifests(given))
  } catch (error) {
    expect(error).toBeInstanceOf(UserError)
    return error
  }
}

/** Milliseconds of the processor. Other processes do not count, unlike in time on the clock. */
function processorTime(work: () => unknown): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}

describe('time grows with the text, and not faster:', () => {
  test.each(Object.entries(growing))('%s', (_name, make) => {
    const small = 250
    const took = (count: number) => {
      const given = [{ name: 'f0.yaml', content: make(count) }]
      return Math.min(...[0, 1].map(() => processorTime(() => outcomeOf(given))))
    }
    took(small)
    // Quadratic work takes 64 times as long. The compiler and the collector of garbage blur what is linear.
    expect(took(small * 8)).toBeLessThan(Math.max(took(small), 10) * 30)
  })
})

describe('room', () => {
  test.each<[string, (index: number) => string, RegExp]>([
    [
      'aliases over several files share one budget',
      (index) => {
        const levels = times(6, (i) => `a${i + 1}: &a${i + 1} [${times(10, () => `*a${i}`)}]`, '\n')
        return `a0: &a0 [x, y, ${index}]\n${levels}`
      },
      /aliases \(\*\) come to more than 1,000,000 values/,
    ],
    [
      'defaults over several files share it, too',
      () =>
        `defaults: { client: { tags: [${times(2_000, (i) => `t${i}`)}] } }\nclients: [${times(300, () => '{ client_id: a }')}]`,
      /come to more than 1,000,000 values in all entries/,
    ],
  ])('%s', (_name, make, message) => {
    const given = Array.from({ length: 20 }, (_, index) => ({ name: `f${index}.yaml`, content: make(index) }))
    const before = bytesInUse()
    expect(() => parseManifests(given)).toThrow(message)
    expect(bytesInUse() - before).toBeLessThan(100_000_000)
  })

  // All but the unknown fields are more than one call may have as arguments.
  test.each<[string, string]>([
    ['numbers for texts', `clients: [{ client_id: a, tags: [${times(150_000, () => '1')}] }]`],
    ['unknown fields', `clients: [{ client_id: a, ${times(60_000, (i) => `x${i}: 1`)} }]`],
    ['aliases without an anchor', `clients: [${times(150_000, () => '*a')}]`],
    ['merged mappings', `a: &a { b: 1 }\nclients: [{ <<: [${times(150_000, () => '*a')}] }]`],
  ])('very many mistakes are mistakes: %s', (_name, content) => {
    expect(() => parseManifests([{ name: 'f0.yaml', content }])).toThrow(UserError)
  })
})
