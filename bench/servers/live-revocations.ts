import { Jti } from '../../src/oauth/ids.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { systemRandom, uuidv7 } from '../../src/platform/random.ts'
import { createStore } from '../../src/store/tables/sql-store.ts'
import { lifetime } from '../fleet.ts'
import type { BenchDatabase } from './databases.ts'

/** Rows in one transaction. */
const BATCH = 10_000
/** The issuance times of the tokens spread evenly over the past hour. */
const ISSUED_WITHIN_MS = 3_600_000

/** Revokes `count` tokens that live for at least two more hours. No other process may write to the database. */
export async function addLiveRevocations(database: BenchDatabase, count: number): Promise<void> {
  if (count === 0) return
  const end = systemClock.now()
  const store = createStore(await database.open(), systemClock)
  const revocation = (_: unknown, number: number) => {
    const issuedAt = end - Math.floor((ISSUED_WITHIN_MS * (count - number)) / count)
    const id = Jti(uuidv7({ ...systemClock, now: () => issuedAt }, systemRandom))
    return { kind: 'token', id, expiresAt: issuedAt + lifetime * 1000 } as const
  }
  for (let from = 0; from < count; from += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, count - from) }, (_, index) => revocation(_, from + index))
    await store.revocations.addRevocations(batch)
  }
  await store.close()
}
