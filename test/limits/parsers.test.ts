import { expect, test } from 'vitest'
import { expectCheap } from '../harness/cpu.ts'
import { allCases } from './cases/all.ts'
import { unreadable } from './cases/certificates.ts'

/** The errors that parsers throw to refuse input. Any other error is a defect. */
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

test('OpenSSL reads some of the certificates above, so that our code gets them', () => {
  expect(unreadable).toEqual(['a name that is not UTF-8'])
})
