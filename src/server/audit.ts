import { Checkpoints } from '../audit/proof/checkpoints.ts'
import { AuditRecorder } from '../audit/recorder.ts'
import { RefusalGatherer } from '../audit/refusals.ts'
import type { AuditSink } from '../audit/sink.ts'
import { MasterKey } from '../crypto/master-key.ts'
import { DAY_MS } from '../platform/clock.ts'
import type { Store } from '../store/tables/sql-store.ts'
import type { Dependencies } from './environment.ts'

/** The audit log of a process, with its checkpoints if it writes the log itself. */
export interface AuditLog {
  readonly audit: AuditSink
  readonly checkpoints: Pick<Checkpoints, 'counts'> | undefined
}

/** Opens the recorder, which writes the events of this process and of its workers, and signs checkpoints. */
export async function openAudit(
  { config, clock, random, log, shutdown, onFailure }: Dependencies,
  store: Store,
): Promise<AuditLog> {
  const audit = new AuditRecorder({
    store: store.audit,
    clock,
    random,
    retention: config.audit.retention_days * DAY_MS,
    refusalsKept: config.audit.refusals_kept,
    onError: onFailure('audit events could not be written'),
  })
  const checkpoints = new Checkpoints({
    store: store.proof,
    masterKey: new MasterKey(config.masterKey, random, config.previousMasterKey),
    clock,
    random,
    retention: config.audit.retention_days * DAY_MS,
    written: () => audit.counts.written,
    onCheckpoint: ({ statement, signature }) =>
      log.info(
        { audit_checkpoint: { statement, signature: Buffer.from(signature).toString('base64url') } },
        'signed the audit log',
      ),
    onError: onFailure('the audit log could not be signed'),
  })
  await checkpoints.start()
  // The last events are written first, then signed.
  shutdown.add(() => checkpoints.close())
  audit.start()
  shutdown.add(() => audit.close())
  return { audit, checkpoints }
}

/** Takes the events of requests, so that refusals can't fill the audit log. */
export function gatherRefusals({ clock, shutdown }: Dependencies, audit: AuditSink): AuditSink {
  const gatherer = new RefusalGatherer(audit, clock)
  gatherer.start()
  shutdown.add(() => gatherer.close())
  return gatherer
}
