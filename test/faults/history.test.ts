import { describe, expect, test } from 'vitest'
import { type HistoryEntry, unrecorded, violations } from './history.ts'

type Told = Pick<HistoryEntry, 'kind' | 'outcome'> & {
  readonly at: number
  readonly node?: number
  readonly of?: string
}

/** Operations that are each answered 10 ms after they were asked. */
const historyOf = (...told: Told[]) =>
  told.map(({ kind, outcome, at, node = 0, of = 'x' }) => {
    const subject = kind === 'assertion' ? { jti: of } : { token: of }
    return { kind, outcome, node, asked: at, answered: at + 10, ...subject } as HistoryEntry
  })

describe('a good history', () => {
  const good: [string, HistoryEntry[]][] = [
    ['of nothing', []],
    [
      'an assertion that one node accepts and the other refuses',
      historyOf(
        { kind: 'assertion', outcome: 'accepted', at: 0 },
        { kind: 'assertion', outcome: 'refused', at: 0, node: 1 },
        { kind: 'assertion', outcome: 'unknown', at: 0, node: 1 },
        { kind: 'assertion', outcome: 'accepted', at: 0, of: 'y' },
      ),
    ],
    [
      'a revocation that a node hasn’t learned of yet',
      historyOf(
        { kind: 'introspect', outcome: 'active', at: 0 },
        { kind: 'revoke', outcome: 'done', at: 20 },
        { kind: 'introspect', outcome: 'inactive', at: 40 },
        { kind: 'introspect', outcome: 'active', at: 100, node: 1 },
        { kind: 'introspect', outcome: 'inactive', at: 1_100, node: 1 },
      ),
    ],
    [
      'a revocation with an unknown outcome',
      historyOf(
        { kind: 'revoke', outcome: 'unknown', at: 0 },
        { kind: 'introspect', outcome: 'active', at: 5_000 },
        { kind: 'introspect', outcome: 'inactive', at: 6_000 },
      ),
    ],
    [
      'two concurrent answers',
      historyOf(
        { kind: 'revoke', outcome: 'done', at: 0 },
        { kind: 'introspect', outcome: 'inactive', at: 50 },
        { kind: 'introspect', outcome: 'active', at: 55 },
      ),
    ],
  ]
  test.each(good)('%s', (_name, history) => {
    expect(violations(history, 1_000)).toEqual([])
  })
})

describe('a bad history', () => {
  const bad: [string, HistoryEntry[], string][] = [
    [
      'an assertion that two nodes accept',
      historyOf(
        { kind: 'assertion', outcome: 'accepted', at: 0 },
        { kind: 'assertion', outcome: 'accepted', at: 900, node: 1 },
      ),
      'x was accepted 2 times, at nodes 0,1',
    ],
    [
      'an acknowledged revocation that is lost',
      historyOf(
        { kind: 'revoke', outcome: 'done', at: 0 },
        { kind: 'introspect', outcome: 'active', at: 1_500, node: 1 },
      ),
      'x was active at node 1, 1490 ms after its revocation',
    ],
    [
      'a token that is inactive and then active again at the same node',
      historyOf(
        { kind: 'revoke', outcome: 'done', at: 0 },
        { kind: 'introspect', outcome: 'inactive', at: 50 },
        { kind: 'introspect', outcome: 'active', at: 100 },
      ),
      'x was active at node 0 again',
    ],
    [
      'a token that is active again after a revocation with an unknown outcome',
      historyOf(
        { kind: 'revoke', outcome: 'unknown', at: 0 },
        { kind: 'introspect', outcome: 'inactive', at: 50 },
        { kind: 'introspect', outcome: 'active', at: 100 },
      ),
      'x was active at node 0 again',
    ],
    [
      'an inactive token that nobody revoked',
      historyOf({ kind: 'introspect', outcome: 'inactive', at: 0 }, { kind: 'revoke', outcome: 'done', at: 100 }),
      'x was inactive at node 0, unrevoked',
    ],
  ]
  test.each(bad)('%s', (_name, history, violation) => {
    expect(violations(history, 1_000)).toEqual([violation])
  })
})

test('an acknowledged request without its event, or with two, is found', () => {
  const history: HistoryEntry[] = [
    { kind: 'issue', outcome: 'done', node: 0, asked: 0, answered: 1, requestId: 'there' },
    { kind: 'issue', outcome: 'unknown', node: 0, asked: 0, answered: 1, requestId: 'not acknowledged' },
    { kind: 'revoke', token: 'x', outcome: 'done', node: 0, asked: 0, answered: 1, requestId: 'missing' },
    { kind: 'assertion', jti: 'x', outcome: 'accepted', node: 0, asked: 0, answered: 1, requestId: 'twice' },
    { kind: 'assertion', jti: 'x', outcome: 'refused', node: 0, asked: 0, answered: 1, requestId: 'refused' },
  ]
  expect(unrecorded(history, ['there', 'twice', 'twice', 'of another client'])).toEqual([
    'the revoke missing has 0 events',
    'the assertion twice has 2 events',
  ])
})
