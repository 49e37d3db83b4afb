import type { AuditSink } from '../audit/sink.ts'
import { systemEvent } from '../audit/system-event.ts'
import { ExpiryWatch, expiryDetail } from '../model/credentials/expiry.ts'
import { CredentialUsage } from '../model/credentials/usage.ts'
import { ReplayMarks } from '../replay/marks.ts'
import type { Store } from '../store/tables/sql-store.ts'
import type { Closers } from './closers.ts'
import { type Means, repeat } from './world.ts'

/** What is noted of credentials as they are used. */
export interface CredentialNotes {
  readonly usage: CredentialUsage
  readonly marks: ReplayMarks
  readonly expiry: ExpiryWatch
}

/** Starts to note when credentials are used, and to warn before they expire. Rejects where the database fails. */
export async function openCredentials(
  store: Store,
  means: Means,
  audit: AuditSink,
  closers: Closers,
): Promise<CredentialNotes> {
  const { log, clock, random, unreadable } = means
  const usage = new CredentialUsage(store.credentials)
  const marks = new ReplayMarks(store.replay, clock)
  const expiry = new ExpiryWatch({
    store: store.credentials,
    clock,
    onWarning: ({ clientId, credential, days }) => {
      const detail = expiryDetail(clientId, credential, days)
      log.warn(detail, `a credential expires within ${days} day${days === 1 ? '' : 's'}`)
      audit.record({ ...systemEvent('credential.expiring', detail, { clock, random }), clientId })
    },
    onUnreadable: (record) => unreadable.report(record),
  })
  await expiry.look()
  closers.add(() => usage.close())
  const again = (interval: number, work: () => Promise<void>, what: string) =>
    repeat(closers, means, interval, work, what)
  again(2_000, () => usage.flush(clock.now()), 'when credentials were used could not be written')
  again(60_000, () => marks.prune(), 'marks of what was used could not be removed')
  again(60_000, () => expiry.look(), 'which credentials expire could not be read')
  return { usage, marks, expiry }
}
