import type { DatabaseSync } from 'node:sqlite'
import { Jti } from '../../src/oauth/ids.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { systemRandom, uuidv7 } from '../../src/platform/random.ts'
import { openStore } from '../../src/store/open.ts'
import { lifetime } from '../fleet.ts'

/** In one transaction. */
const BATCH = 10_000
/** The tokens were issued, evenly, in the hour that ends now. */
const ISSUED_WITHIN_MS = 3_600_000

/** Revokes so many tokens, of which none expires within two hours, in a database that nobody else writes to. */
export async function addLiveRevocations(storage: string, count: number): Promise<void> {
  if (count === 0) return
  const end = systemClock.now()
  const store = await openStore(storage, systemClock)
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

export const countLiveRevocations = (database: DatabaseSync): unknown =>
  database.prepare('select count(*) as revoked from revocation where expires_at > ?').get(systemClock.now())?.[
    'revoked'
  ]
