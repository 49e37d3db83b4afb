import type { AuditSink } from '../audit/sink.ts'
import { systemEvent } from '../audit/system-event.ts'
import { ExpiryWatch, expiryDetail } from '../model/credentials/expiry.ts'
import { Replacements } from '../model/credentials/replacements.ts'
import { CredentialUsage } from '../model/credentials/usage.ts'
import { cleanUp } from '../platform/clean-up.ts'
import { ReplayMarks } from '../replay/marks.ts'
import type { Store } from '../store/tables/sql-store.ts'
import type { Dependencies } from './environment.ts'

/** The parts that follow credentials as they are used. */
export interface CredentialNotes {
  readonly usage: CredentialUsage
  readonly replacements: Replacements
  readonly marks: ReplayMarks
  readonly expiry: ExpiryWatch
}

interface Parts {
  readonly store: Store
  readonly audit: AuditSink
}

/** Starts to record the uses of credentials, and to warn before they expire. Rejects if the database fails. */
export async function openCredentials(
  { log, clock, random, unreadable, shutdown, repeat }: Dependencies,
  { store, audit }: Parts,
): Promise<CredentialNotes> {
  const usage = new CredentialUsage(store.credentials)
  const replacements = new Replacements({ store: store.credentials, clock, random })
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
  shutdown.add(() => usage.close())
  shutdown.add(() => replacements.flush())
  repeat({
    every: 2_000,
    work: () => usage.flush(clock.now()),
    failure: 'uses of credentials could not be written',
  })
  repeat({
    every: 1_000,
    work: () => replacements.flush(),
    failure: 'imported hashes could not be replaced by our own',
  })
  repeat({ every: 60_000, work: (ending) => marks.prune(ending), failure: 'expired replay marks could not be removed' })
  repeat({ every: 60_000, work: () => expiry.look(), failure: 'expiring credentials could not be read' })
  repeat({
    every: 60_000,
    work: (ending) => cleanUp((most) => store.fleet.passExpiries(most), ending),
    failure: 'passed expiries could not be noted for the lists',
  })
  return { usage, replacements, marks, expiry }
}
