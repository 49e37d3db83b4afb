import { operationFinder } from '../../../src/admin/api/find-operation.ts'
import { isKnown, readPrecondition } from '../../../src/admin/api/headers.ts'
import { operations } from '../../../src/admin/operations/operations.ts'
import { describeSecret } from '../../../src/client-auth/secrets/received-secret.ts'
import { cases } from './case.ts'

const HEADERS = 16 * 1024
const BODY = 64 * 1024
const TARGET = 8_000

const tags = {
  commas: ','.repeat(HEADERS),
  quotes: '"'.repeat(HEADERS),
  tags: '"a",'.repeat(HEADERS / 4),
  'weak tags': 'W/"a",'.repeat(HEADERS / 6),
  spaces: ' '.repeat(HEADERS),
}

/** The input of strangers at the admin API, and the form of a wrong secret. */
export const adminCases = [
  ...cases('operationFinder', operationFinder(operations), {
    slashes: `/api/v1/${'/'.repeat(TARGET)}`,
    'a client': `/api/v1/clients/${'a'.repeat(TARGET)}`,
    'percent signs': `/api/v1/clients/${'%'.repeat(TARGET)}`,
    escapes: `/api/v1/clients/${'%c3%a9'.repeat(TARGET / 6)}`,
  }),
  ...cases('readPrecondition', (text: string) => readPrecondition({ 'if-match': text }), tags),
  ...cases('isKnown', (text: string) => isKnown({ 'if-none-match': text }, '"a"'), tags),
  ...cases('describeSecret', describeSecret, {
    letters: 'a'.repeat(BODY),
    spaces: ' '.repeat(BODY),
    generated: `tss_${'a'.repeat(BODY)}`,
    marks: 'e\u0301'.repeat(BODY / 3),
  }),
]
