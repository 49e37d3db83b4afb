import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Passwords } from '../../src/administrators/accounts/passwords.ts'
import type { SessionContext } from '../../src/administrators/sessions/context.ts'
import type { AuditEvent } from '../../src/audit/event.ts'
import { GuessLimiter } from '../../src/client-auth/throttle/limiter.ts'
import { MasterKey } from '../../src/crypto/master-key.ts'
import { DEFAULT_TENANT } from '../../src/oauth/ids.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { openStore } from '../../src/store/open.ts'
import { IN_2030, standingClock } from './clock.ts'
import { emptyDatabase } from './empty-database.ts'

export const FIRST_MASTER = Buffer.alloc(32, 1)

/** The author of changes in tests. */
export const OPERATOR = { actor: { kind: 'operator', user: 'root', host: 'here', way: 'command' } } as const

/** A request for a session. */
export const REQUEST = {
  requestId: '019b76da-a800-7000-8000-000000000001',
  remoteAddress: '192.0.2.1',
  traceId: undefined,
  userAgent: 'a browser',
} as const

/** Everything about people on a new SQLite database, with a fast hash in place of scrypt. */
export async function openPeopleSetting() {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-people-'))
  const clock = standingClock(IN_2030)
  const store = await openStore(emptyDatabase(join(folder, 'tessera.db')), clock)
  const refused: AuditEvent[] = []
  const hashes: string[] = []
  const slowHash = async (secret: string, { salt }: { readonly salt: Buffer }) => {
    hashes.push(secret)
    return createHash('sha256').update(salt).update(secret).digest()
  }
  const context: SessionContext = {
    tenant: DEFAULT_TENANT,
    clock,
    random: systemRandom,
    accounts: store.accounts,
    sessions: store.sessions,
    passwords: new Passwords(systemRandom, slowHash),
    masterKey: new MasterKey(FIRST_MASTER, systemRandom),
    masterKeyInUse: () => store.keys.masterKeyInUse(),
    guesses: new GuessLimiter(clock),
    audit: { record: (event) => void refused.push(event) },
    lives: { idle: 1_800_000, absolute: 43_200_000 },
  }
  return {
    clock,
    store,
    context,
    /** The refusals that were recorded. */
    refused,
    /** The passwords that were hashed. */
    hashes,
    close: async () => {
      await store.close()
      rmSync(folder, { recursive: true })
    },
  }
}
