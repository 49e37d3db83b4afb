import { describe, expect, test } from 'vitest'
import { type ChangedThing, changeOf, toChanges } from '../../src/audit/changes.ts'
import { newSecret } from '../harness/model.ts'

const JOB = { thing: 'client', id: 'job' } as const

describe('a change names the fields that differ', () => {
  test.each<[string, Parameters<typeof changeOf>, ChangedThing | undefined]>([
    [
      'a field that differs',
      [JOB, { name: 'a', tags: ['x'] }, { name: 'b', tags: ['x'] }],
      { ...JOB, before: { name: 'a' }, after: { name: 'b' } },
    ],
    ['none', [JOB, { tags: ['x'], name: undefined }, { tags: ['x'] }], undefined],
    [
      'a field without a value before',
      [JOB, {}, { name: 'b' }],
      { ...JOB, before: { name: null }, after: { name: 'b' } },
    ],
    ['a new object', [JOB, undefined, { name: 'b', owner: undefined }], { ...JOB, before: null, after: { name: 'b' } }],
    ['a new object without fields', [JOB, undefined, {}], { ...JOB, before: null, after: {} }],
    ['a removed object', [JOB, { name: 'a' }, undefined], { ...JOB, before: { name: 'a' }, after: null }],
  ])('%s', (_name, [identity, before, after], expected) => {
    expect(changeOf(identity, before, after)).toEqual(expected)
  })

  test('and no secret, wherever somebody has put one', () => {
    const secret = newSecret()
    const metadata = { note: `it is ${secret}`, [secret]: [{ deeper: secret }] }
    const change = changeOf({ ...JOB, id: secret }, { metadata: {} }, { metadata })
    expect(change).toMatchObject({ id: '[redacted]', after: { metadata: { note: 'it is [redacted]' } } })
    expect(JSON.stringify(change)).not.toContain(secret)
  })
})

describe('an event stays small', () => {
  const changed = (count: number, value: string) =>
    Array.from({ length: count }, (_, index) =>
      changeOf({ thing: 'client', id: `c${index}` }, Object.fromEntries(keys(value)), {}),
    )
  const keys = (value: string) => Array.from({ length: 20 }, (_, index) => [`field${index}`, value])

  test('a long value is cut', () => {
    const change = changeOf(JOB, { name: 'x'.repeat(254) }, { name: 'x'.repeat(255) })
    expect(change).toEqual({ ...JOB, before: { name: 'x'.repeat(254) }, after: { name: `"${'x'.repeat(255)}…` } })
  })

  test('a hundred objects are listed and the rest counted; unchanged ones are left out', () => {
    const { things, others } = toChanges([...changed(101, 'x'), undefined, ...changed(4, 'x')])
    expect([things.length, others]).toEqual([100, 5])
    expect(toChanges([undefined])).toEqual({ things: [], others: 0 })
  })

  test('as many objects as fit into 64 KiB are listed', () => {
    const changes = toChanges(changed(100, 'x'.repeat(1_000)))
    expect(changes.things.length + changes.others).toBe(100)
    expect(changes.things.length).toBeGreaterThan(8)
    expect(JSON.stringify(changes.things).length).toBeLessThan(66 * 1024)
  })
})
