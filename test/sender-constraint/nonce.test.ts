import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MasterKey } from '../../src/crypto/master-key.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { DpopNonces } from '../../src/sender-constraint/nonce.ts'
import { fuzz } from '../harness/fuzz.ts'
import { anyText, base64url, mutated } from '../harness/mutations.ts'

const SLOT = 120_000
const START = SLOT * 15_000_000
const [one, two, three] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2), Buffer.alloc(32, 3)]

/** A node with its secrets and its clock. */
function node(secrets: readonly [Buffer, ...Buffer[]], now = START) {
  const clock = { time: now, now: () => clock.time, monotonic: () => 0 }
  return { clock, nonces: new DpopNonces(() => secrets, clock) }
}

test('a nonce has 28 characters that any header allows, and changes every two minutes', () => {
  const { clock, nonces } = node([one])
  const first = nonces.current()
  expect(first).toMatch(/^[\w-]{28}$/)
  clock.time += SLOT - 1
  expect(nonces.current()).toBe(first)
  clock.time += 1
  expect(nonces.current()).not.toBe(first)
})

test.each([
  ['at once', 0, true],
  ['in the same two minutes', SLOT - 1, true],
  ['in the next', SLOT, true],
  ['at the end of the next', 2 * SLOT - 1, true],
  ['after that', 2 * SLOT, false],
  ['a day later', 86_400_000, false],
  ['on a node whose clock is a little slow', -1, true],
  ['on a node whose clock is two minutes slow', -SLOT, true],
  ['on a node whose clock is further off', -SLOT - 1, false],
])('accepted or not %s', (_name, later, isAccepted) => {
  const nonce = node([one]).nonces.current()
  expect(node([one], START + later).nonces.accepts(nonce)).toBe(isAccepted)
})

test.each([
  ['the same secret', [one], [one], true],
  ['another secret', [one], [two], false],
  ['the previous secret, during a change', [one], [two, one], true],
  ['the new secret, on a node that still makes the old one', [two, one], [one, two], true],
  ['a removed secret', [three], [two, one], false],
] satisfies [string, [Buffer, ...Buffer[]], [Buffer, ...Buffer[]], boolean][])(
  'on another node with %s',
  (_name, maker, checker, isAccepted) => {
    expect(node(checker).nonces.accepts(node(maker).nonces.current())).toBe(isAccepted)
  },
)

describe('during a change of the master key', () => {
  const [before, after] = [Buffer.alloc(32, 4), Buffer.alloc(32, 5)]
  const [old, both, fresh] = [
    new MasterKey(before, systemRandom),
    new MasterKey(after, systemRandom, before),
    new MasterKey(after, systemRandom),
  ]
  const nodeOf = (masterKey: MasterKey, inUse: MasterKey) => node(masterKey.derive('dpop nonce', inUse.id)).nonces

  test.each([
    ['one has both, the other the old one', old, [old, both]],
    ['both have both, and the old one is in use', old, [both, both]],
    ['both have both, and the new one is in use', fresh, [both, both]],
    ['one has both, the other the new one', fresh, [both, fresh]],
  ] as const)('each node accepts the other’s nonces: %s', (_name, inUse, [first, second]) => {
    for (const [maker, checker] of [
      [first, second],
      [second, first],
    ] as const)
      expect(nodeOf(checker, inUse).accepts(nodeOf(maker, inUse).current())).toBe(true)
  })
})

describe('no other text is accepted', () => {
  const { nonces } = node([one])
  const nonce = nonces.current()
  const accepted = new Set([
    nonce,
    node([one], START - SLOT).nonces.current(),
    node([one], START + SLOT).nonces.current(),
  ])

  test('with any character changed', () => {
    for (let at = 0; at < nonce.length; at += 1) {
      for (const character of [...base64url, '=', '+', '/']) {
        const changed = nonce.slice(0, at) + character + nonce.slice(at + 1)
        expect(nonces.accepts(changed)).toBe(changed === nonce)
      }
    }
  })

  fuzz('any other text', 0.3, fc.oneof(anyText, mutated([...accepted])), (text) => {
    if (nonces.accepts(text) !== accepted.has(text)) throw new Error(text)
  })
})
