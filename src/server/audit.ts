import { AuditRecorder } from '../audit/recorder.ts'
import { RefusalGatherer } from '../audit/refusals.ts'
import type { AuditSink } from '../audit/sink.ts'
import type { Config } from '../config/resolve.ts'
import { DAY_MS } from '../platform/clock.ts'
import type { Store } from '../store/tables/sql-store.ts'
import type { Closers } from './closers.ts'
import type { Means } from './world.ts'

/** What writes the events of this process, and of those that hand it theirs. */
export function openAudit(config: Config, store: Store, means: Means, closers: Closers): AuditSink {
  const audit = new AuditRecorder({
    store: store.audit,
    clock: means.clock,
    random: means.random,
    retention: config.audit.retention_days * DAY_MS,
    refusalsKept: config.audit.refusals_kept,
    onError: means.failing('audit events could not be written'),
  })
  audit.start()
  closers.add(() => audit.close())
  return audit
}

/** Takes the events of requests, so that refusals can't fill the audit log. */
export function gatherRefusals(audit: AuditSink, { clock }: Means, closers: Closers): AuditSink {
  const gatherer = new RefusalGatherer(audit, clock)
  gatherer.start()
  closers.add(() => gatherer.close())
  return gatherer
}
