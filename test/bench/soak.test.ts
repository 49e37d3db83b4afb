import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { courseOf, judge, type Series, slopeOf } from '../../bench/soak/verdict.ts'

/** A sample every ten seconds for an hour. @param part the part of the run that has passed, from 0 to 1 */
function series(valueAt: (part: number, index: number) => number): Series {
  const points = Array.from({ length: 360 }, (_, index) => ({ at: index * 10, value: valueAt(index / 360, index) }))
  return { name: 'memory', unit: 'bytes', tolerance: { share: 0.08, amount: 6e6 }, points }
}

/** Repeats itself, and differs from sample to sample as a measurement does. */
const noise = (index: number): number => ((index * 7919) % 101) / 101 - 0.5

describe('the verdict of a soak', () => {
  test.each<[string, Series]>([
    ['a leak from the start', series((part) => 200e6 + 60e6 * part)],
    ['a leak beneath noise', series((part, index) => 200e6 + 60e6 * part + 20e6 * noise(index))],
    ['a leak beneath a saw-tooth', series((part, index) => 200e6 + 80e6 * part + 2e6 * (index % 12))],
    ['a leak that begins in the second half', series((part) => 200e6 + 150e6 * Math.max(0, part - 0.5))],
  ])('%s grows', (_name, grown) => {
    const { courses, faults } = judge([grown], [])
    expect(courses).toMatchObject([{ verdict: 'grows' }])
    expect(faults).toHaveLength(1)
    expect(faults[0]).toMatch(/^memory grows: \d+\.\d MB to \d+\.\d MB$/)
  })

  test.each<[string, Series]>([
    ['a flat series', series(() => 200e6)],
    ['noise', series((_part, index) => 200e6 + 40e6 * noise(index))],
    ['a saw-tooth', series((_part, index) => 200e6 + 5e6 * (index % 30))],
    ['a stair to a plateau', series((part) => 200e6 + 15e6 * Math.min(5, Math.floor(part * 10)))],
    ['a rise in the warm-up', series((part) => 100e6 + 400e6 * Math.min(part, 0.25))],
    ['a step in the last half', series((part) => (part < 0.6 ? 200e6 : 250e6))],
    ['a fall', series((part) => 300e6 - 100e6 * part)],
    ['a rise within the tolerance', series((part) => 200e6 + 10e6 * part)],
  ])('%s is flat', (_name, flat) => {
    expect(judge([flat], [])).toMatchObject({ courses: [{ verdict: 'flat' }], faults: [] })
  })

  test('an unexpected answer fails by itself, and is named', () => {
    const { faults } = judge([series(() => 1)], [{ what: 'token, secret: lasting: 503 busy', count: 2 }])
    expect(faults).toEqual(['2 × token, secret: lasting: 503 busy'])
  })

  test('a series without a tolerance is only reported, and a short one is not judged', () => {
    const grown = series((part) => 1 + part * 1e9)
    expect(courseOf({ ...grown, tolerance: undefined })).toMatchObject({ verdict: 'reported', start: 1 })
    expect(courseOf({ ...grown, points: grown.points.slice(0, 20) })).toMatchObject({ verdict: 'too short to judge' })
  })

  test('a slope is that of most pairs, whatever single values say', () => {
    const points = Array.from({ length: 21 }, (_, at) => ({ at, value: at % 10 === 5 ? 1_000 : 3 * at }))
    expect(slopeOf(points)).toBe(3)
  })
})

test('a short soak has every answer as expected', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-soak-test-'))
  try {
    const file = join(folder, 'page.md')
    const args = ['bench/soak/main.ts', '--minutes', '0.1', '--every', '1', '--rate', '40', '--results', file]
    await promisify(execFile)(process.execPath, args)
    const page = readFileSync(file, 'utf8')
    expect(page).toContain('Nothing grew, and every answer was the expected one.')
    expect(page).toMatch(/^\| token, secret \| \d+ \|$/m)
    expect(page).toMatch(/^\| apply \| 1 \|$/m)
    expect(page).toMatch(/^\| rows of audit_event \|.* too short to judge \|$/m)
  } finally {
    rmSync(folder, { recursive: true })
  }
}, 120_000)
