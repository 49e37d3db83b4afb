import { expect, test } from 'vitest'
import { expectCheap } from '../harness/cpu.ts'
import { allCases } from './cases/all.ts'
import { unreadable } from './cases/certificates.ts'

/** Errors by which readers refuse what they are given. Any other is a defect. */
const REFUSALS: ReadonlySet<string> = new Set([
  ...['Refusal', 'MalformedCertificate', 'JwsError', 'KeyError', 'DerError', 'JsonError'],
  ...['UserError', 'ConditionError'],
])

async function readOrRefuse(read: () => unknown): Promise<void> {
  try {
    await read()
  } catch (error) {
    if (!(error instanceof Error && REFUSALS.has(error.name))) throw error
  }
}

test.each(allCases)('largest-inputs: $name', ({ read }) => expectCheap(() => readOrRefuse(read)))

test('the certificates above are some that OpenSSL reads, and so get to us', () => {
  expect(unreadable).toEqual(['a name that is not UTF-8'])
})
