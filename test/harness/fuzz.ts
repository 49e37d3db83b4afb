/**
 * Tests of properties with generated input. This file sets the number of cases and bounds the memory that they may
 * take.
 */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesInUse } from './memory.ts'

/** The cases of one test file, over all its properties. `FUZZ_RUNS=1000000` is the long mode. */
const TOTAL = Number(process.env['FUZZ_RUNS'] ?? 6_000)
const RUNS_PER_TURN = 200

/** @param share the property's share of the file's cases */
const runsOf = (share: number): number => Math.ceil(TOTAL * share)

/** Tests that a property holds. A failure prints the seed that reproduces it. */
export function fuzz<Case>(
  name: string,
  share: number,
  cases: fc.Arbitrary<Case>,
  check: (given: Case) => void | Promise<void>,
): void {
  const numRuns = runsOf(share)
  test(name, { timeout: 60_000 + numRuns * 20 }, () => tryOut(numRuns, cases, check))
}

/** Tests that memory doesn't grow with the number of cases. */
export function fuzzMemory<Case>(
  name: string,
  { share, growth }: { readonly share: number; readonly growth: number },
  cases: fc.Arbitrary<Case>,
  check: (given: Case) => void | Promise<void>,
): void {
  const numRuns = runsOf(share)
  test(name, { timeout: 60_000 + numRuns * 20 }, async () => {
    // Warm up first: code gets compiled, and caches fill up to their bounds.
    await tryOut(Math.ceil(numRuns / 2), cases, check)
    const before = bytesInUse()
    await tryOut(numRuns, cases, check)
    expect(bytesInUse() - before).toBeLessThan(growth)
  })
}

async function tryOut<Case>(
  numRuns: number,
  cases: fc.Arbitrary<Case>,
  check: (given: Case) => void | Promise<void>,
): Promise<void> {
  let run = 0
  const property = fc.asyncProperty(cases, async (given) => {
    run += 1
    // Vitest takes a worker for hung if it never ends a turn of the event loop.
    if (run % RUNS_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve))
    await check(given)
  })
  await fc.assert(property, { numRuns })
}
