import { AuditRecorder } from '../audit/recorder.ts'
import { RefusalGatherer } from '../audit/refusals.ts'
import type { AuditSink } from '../audit/sink.ts'
import { DAY_MS } from '../platform/clock.ts'
import type { Store } from '../store/tables/sql-store.ts'
import type { Dependencies } from './environment.ts'

/** Opens the recorder, which writes the events of this process and of its workers. */
export function openAudit({ config, clock, random, shutdown, onFailure }: Dependencies, store: Store): AuditSink {
  const audit = new AuditRecorder({
    store: store.audit,
    clock,
    random,
    retention: config.audit.retention_days * DAY_MS,
    refusalsKept: config.audit.refusals_kept,
    onError: onFailure('audit events could not be written'),
  })
  audit.start()
  shutdown.add(() => audit.close())
  return audit
}

/** Takes the events of requests, so that refusals can't fill the audit log. */
export function gatherRefusals({ clock, shutdown }: Dependencies, audit: AuditSink): AuditSink {
  const gatherer = new RefusalGatherer(audit, clock)
  gatherer.start()
  shutdown.add(() => gatherer.close())
  return gatherer
}
