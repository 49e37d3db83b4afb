/** Properties that hold for whatever is thrown at them: how often they are tried, and what memory that may take. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesInUse } from './memory.ts'

/** Cases of one test file, all its properties together: `FUZZ_RUNS=1000000` is the long mode. */
const TOTAL = Number(process.env['FUZZ_RUNS'] ?? 6_000)
const RUNS_PER_TURN = 200

/** @param share of the cases of the whole file */
const runsOf = (share: number): number => Math.ceil(TOTAL * share)

/** A test that a property holds. What fails is printed with the seed that brings it back. */
export function fuzz<Case>(
  name: string,
  share: number,
  cases: fc.Arbitrary<Case>,
  check: (given: Case) => void | Promise<void>,
): void {
  const numRuns = runsOf(share)
  test(name, { timeout: 60_000 + numRuns * 20 }, () => tryOut(numRuns, cases, check))
}

/** A test that memory does not grow with the number of cases, whatever they do. */
export function fuzzMemory<Case>(
  name: string,
  { share, growth }: { readonly share: number; readonly growth: number },
  cases: fc.Arbitrary<Case>,
  check: (given: Case) => void | Promise<void>,
): void {
  const numRuns = runsOf(share)
  test(name, { timeout: 60_000 + numRuns * 20 }, async () => {
    // Code gets compiled, caches fill up to their bounds.
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
    // A worker that never ends a turn of the event loop counts as hung.
    if (run % RUNS_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve))
    await check(given)
  })
  await fc.assert(property, { numRuns })
}
