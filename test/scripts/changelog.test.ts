import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readChangelog, SECTIONS } from '../../scripts/changelog.ts'

test('the changelog has versions from the newest to the oldest, with the usual headings and whole sentences', () => {
  const versions = readChangelog(readFileSync('CHANGELOG.md', 'utf8'))
  expect(versions[0]?.name).toBe('Unreleased')
  const released = versions.slice(1).map(({ name, date }) => `${date} ${name}`)
  expect(released).toEqual(released.toSorted().toReversed())
  expect(versions.slice(1).every(({ name }) => name !== 'Unreleased')).toBe(true)
  for (const { sections } of versions) {
    expect([...sections.keys()]).toEqual(SECTIONS.filter((heading) => sections.has(heading)))
    for (const [heading, entries] of sections) {
      expect(entries, heading).not.toEqual([])
      expect(
        entries.filter((entry) => !/[.:)]$/.test(entry)),
        heading,
      ).toEqual([])
      expect(new Set(entries).size, heading).toBe(entries.length)
    }
  }
})

const wrong: [string, string, string][] = [
  [
    'a heading that is not usual',
    '## Unreleased\n\n### Improved\n',
    ':5: is no version, heading or entry: ### Improved',
  ],
  ['a heading twice', '## Unreleased\n\n### Added\n\n- One.\n\n### Added\n', ':9: '],
  ['an entry without a heading', '## Unreleased\n\n- One.\n', ':5: '],
  ['a version without a date', '## 1.0.0\n', ':3: '],
  ['a date that is not released', '## Unreleased - 2027-01-31\n', ':3: '],
  ['a paragraph', '## Unreleased\n\n### Added\n\nMuch.\n', ':7: '],
]
test.each(wrong)('%s is refused, with its line', (_name, text, message) => {
  expect(() => readChangelog(`# Changelog\n\n${text}`)).toThrow(`CHANGELOG.md${message}`)
})

test('an entry may have several lines', () => {
  const [version] = readChangelog('# Changelog\n\n## 1.0.0 - 2027-01-31\n\n### Added\n\n- One\n  thing.\n- Another.\n')
  expect(version).toEqual({
    name: '1.0.0',
    date: '2027-01-31',
    sections: new Map([['Added', ['One thing.', 'Another.']]]),
  })
})
