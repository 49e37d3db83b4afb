import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { SecretVerifier } from '../../../src/client-auth/secrets/verifier.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { systemRandom } from '../../../src/platform/random.ts'
import { settledBytes } from '../../harness/memory.ts'

test('wrong secrets that are known keep no client in memory', async () => {
  const verifier = new SecretVerifier(systemClock, systemRandom, Buffer.alloc(32))
  const createSecret = () => ({ hash: { kind: 'sha256', digest: systemRandom(100).toString('hex') } as const })
  const before = settledBytes()
  for (let client = 0; client < 2_000; client += 1)
    verifier.noteWrong({ secrets: Array.from({ length: 50 }, createSecret) }, `mark ${client}`)
  // A weak reference keeps its target to the end of the turn.
  await nextTurn()
  expect(settledBytes() - before).toBeLessThan(4 * 1024 * 1024)
  expect(verifier.isKnownWrong(undefined, 'mark 0')).toBe(false)
})
