import { setTimeout as sleep } from 'node:timers/promises'
import { eventAsJson } from '../audit/event-json.ts'
import type { StoredAuditEvent } from '../audit/store.ts'
import { UsageError } from '../platform/user-error.ts'
import { eventAsLine } from './audit-text.ts'
import { withDatabase } from './database.ts'
import { type OutputOptions, showNext } from './format.ts'
import { isOutputGone, print } from './output.ts'
import { requestIdIn } from './request-id.ts'

interface AuditTailOptions extends OutputOptions {
  readonly lines: string
  readonly follow?: true
  readonly client?: string
  readonly requestId?: string
  readonly config?: string
}

const FOLLOW_INTERVAL_MS = 250
const MOST_AT_ONCE = 1_000

/** `tessera audit tail`: prints the last events, and with `--follow` also new ones. */
export async function auditTail({
  lines,
  follow,
  client,
  requestId: given,
  config,
  ...output
}: AuditTailOptions): Promise<void> {
  const requestId = given === undefined ? undefined : requestIdIn(given)
  if (!/^\d{1,7}$/.test(lines)) throw new UsageError(`--lines must be a number, not ${JSON.stringify(lines)}`)
  const show = (events: readonly StoredAuditEvent[]) => {
    for (const event of events)
      showNext(output, { data: eventAsJson(event), forPeople: () => print(eventAsLine(event)) })
  }
  await withDatabase(config, async ({ store }) => {
    const last = await store.audit.listEvents({ limit: Number(lines), clientId: client, requestId })
    show(last)
    if (!follow) return
    let after = last.at(-1)?.seq ?? (await store.audit.listEvents({ limit: 1 })).at(-1)?.seq ?? 0
    while (!isOutputGone()) {
      await sleep(FOLLOW_INTERVAL_MS)
      const events = await store.audit.listEvents({ limit: MOST_AT_ONCE, after, clientId: client, requestId })
      show(events)
      after = events.at(-1)?.seq ?? after
    }
  })
}
