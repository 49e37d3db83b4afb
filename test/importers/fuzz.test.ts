import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect } from 'vitest'
import { stringify } from 'yaml'
import { Draft } from '../../src/importers/draft/draft.ts'
import { importers } from '../../src/importers/importers.ts'
import { toManifest } from '../../src/importers/manifest.ts'
import { readJson } from '../../src/importers/read-json.ts'
import { reportLines, reportOf } from '../../src/importers/report.ts'
import { type System, systems } from '../../src/importers/systems.ts'
import { parseManifest } from '../../src/management/manifest/reading/parse.ts'
import { UserError } from '../../src/platform/user-error.ts'
import { fuzz } from '../harness/fuzz.ts'

/** Imports a value. Everything that comes out must be a manifest. @returns undefined if it was refused in our words */
function runImporter(system: System, value: unknown): string | undefined {
  const draft = new Draft()
  try {
    importers[system](value, draft, { audience: 'https://fallback.example.com' })
  } catch (error) {
    expect(error).toBeInstanceOf(UserError)
    return undefined
  }
  const { manifest, variables } = toManifest(draft, false)
  parseManifest('made.yaml', stringify(manifest, { aliasDuplicateObjects: false }))
  return reportLines(reportOf(system, draft, manifest, variables)).join('\n')
}

/** Odd values for any place of an export. */
const odd = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    -1,
    1e308,
    0.5,
    '',
    ' ',
    '\u0000',
    'x'.repeat(5_000),
    '\ud800',
    'a b',
    '*',
    'a*b*',
    {},
    [],
  ),
  fc.constantFrom<unknown>(
    'https://orders.example.com',
    'HTTPS://orders.example.com',
    'urn:tessera:admin',
    '__proto__',
    [[]],
    [{}],
  ),
  fc.string(),
  fc.jsonValue({ maxDepth: 3 }),
)

/** A copy of a value in which some places have odd values, or are missing, or stand twice. */
const mutated = (value: unknown): fc.Arbitrary<unknown> =>
  fc
    .array(fc.tuple(fc.nat(), odd, fc.constantFrom('replace', 'remove', 'repeat', 'rename')), {
      minLength: 1,
      maxLength: 6,
    })
    .map((changes) =>
      changes.reduce<unknown>((before, [place, other, how]) => {
        const copy = structuredClone(before)
        const places = placesIn(copy)
        const [holder, key] = places[place % places.length] ?? []
        if (holder === undefined || key === undefined) return other
        if (Array.isArray(holder)) {
          if (how === 'repeat') holder.push(structuredClone(holder[Number(key)]))
          else if (how === 'remove') holder.splice(Number(key), 1)
          else holder[Number(key)] = other
        } else if (how === 'remove') delete holder[key]
        else if (how === 'rename') holder[`${key}?`] = holder[key]
        else holder[key] = other
        return copy
      }, value),
    )

type Holder = Record<string, unknown> | unknown[]

/** Every member of every object and list in a value. */
function placesIn(value: unknown): readonly (readonly [Holder, string])[] {
  if (typeof value !== 'object' || value === null) return []
  const holder: Holder = Array.isArray(value) ? value : Object.assign(value)
  return Object.entries(value).flatMap(([key, inner]) => [[holder, key] as const, ...placesIn(inner)])
}

describe.each(systems)('any JSON as an export of %s', (system) => {
  const sample: unknown = JSON.parse(readFileSync(join(import.meta.dirname, system, 'export.json'), 'utf8'))

  fuzz('that resembles one gives a manifest and a report, or an error of ours', 0.05, mutated(sample), (value) => {
    runImporter(system, value)
  })

  fuzz('whatever it is, gives a report or an error of ours', 0.05, fc.jsonValue(), (value) => {
    runImporter(system, value)
  })
})

const withMistake = fc
  .tuple(fc.jsonValue(), fc.nat(), fc.constantFrom('}', ']', ',', ':', 'x', '"', '\\', '1'))
  .map(([value, at, inserted]) => {
    const text = JSON.stringify({ a: value })
    const place = at % text.length
    return text.slice(0, place) + inserted + text.slice(place)
  })

fuzz('a mistake in JSON has a place within the text', 0.2, withMistake, (wrong) => {
  try {
    readJson('x', wrong)
  } catch (error) {
    expect(error).toBeInstanceOf(UserError)
    const column = Number(/^UserError: x:1:(\d+): is not JSON$/.exec(String(error))?.[1])
    expect(column).toBeGreaterThan(0)
    expect(column).toBeLessThanOrEqual(wrong.length + 1)
  }
})
