import { describe, expect, test } from 'vitest'
import { ClientId, Jti, KeyId } from '../../../src/oauth/ids.ts'
import { Revocations } from '../../../src/tokens/revocation/revocations.ts'
import type { Revocation, RevocationStore } from '../../../src/tokens/revocation/store.ts'
import type { VerifiedToken } from '../../../src/tokens/verify.ts'

const TOKEN = Jti('0193e4a0-0000-7000-8000-000000000000')
const token = {
  claims: { jti: TOKEN, client_id: ClientId('a'), aud: 'https://api', iat: 0 },
  kid: KeyId('k'),
} as unknown as VerifiedToken
const revocation: Revocation = { kind: 'token', id: TOKEN, expiresAt: Number.MAX_SAFE_INTEGER }

/** A store whose reads see the revocations at their beginning, and end on demand. */
function slowStore() {
  const rows: Revocation[] = []
  const reads: { end(): void; fail(error: Error): void }[] = []
  const store = {
    revocationsAfter: (after: number) => {
      const revocations = rows.slice(after)
      return new Promise((resolve, reject) => {
        reads.push({
          end: () => resolve({ latest: after + revocations.length, found: revocations, unreadable: [] }),
          fail: reject,
        })
      })
    },
  } as unknown as RevocationStore
  return { store, rows, reads }
}

/** Resolves when no other work is left to run. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

/** A process that has read nothing for `idle` ms, with a read under way that began `before` ms before the request. */
async function asked(before: number, idle = 5_000) {
  let now = 0
  const { store, rows, reads } = slowStore()
  const opening = Revocations.open(store, { now: () => now, monotonic: () => now })
  reads[0]?.end()
  const revocations = await opening
  now = idle
  const polling = revocations.poll()
  rows.push(revocation)
  now += before
  const answer = revocations.isRevoked(token)
  await settled()
  return { polling, answer, reads }
}

describe('a process that has read nothing for more than a second, asked while it reads', () => {
  test('waits for a read only if that began within the second', async () => {
    const { answer, reads } = await asked(900)
    reads[1]?.end()
    expect(await answer).toBe(false)
    expect(reads).toHaveLength(2)
  })

  test('reads again if the read began earlier, so that later revocations are honoured', async () => {
    const { answer, reads } = await asked(1_100)
    reads[1]?.end()
    await settled()
    expect(reads).toHaveLength(3)
    reads[2]?.end()
    expect(await answer).toBe(true)
  })

  test('does not answer if a read fails', async () => {
    const { polling, answer, reads } = await asked(1_100)
    const failures = Promise.allSettled([polling, answer])
    reads[1]?.fail(new Error('away'))
    expect((await failures).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  })
})
