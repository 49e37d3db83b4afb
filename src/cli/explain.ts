import type { StoredAuditEvent } from '../audit/store.ts'
import { refusals } from '../oauth/refusals.ts'
import { UserError } from '../platform/user-error.ts'
import { withDatabase } from './database.ts'
import { print, printable } from './output.ts'

interface ExplainOptions {
  readonly json?: true
  readonly config?: string
}

/** `tessera explain`: what came of a request, and why: what the wire never says. */
export const explain = (requestId: string, { json, config }: ExplainOptions): Promise<void> =>
  withDatabase(config, async ({ store }) => {
    const events = await store.audit.listEvents({ limit: 100, requestId })
    if (events.length === 0) {
      throw new UserError(
        `nothing is recorded under ${JSON.stringify(requestId)}: it is the X-Request-Id of an answer, and is there for a while only`,
      )
    }
    for (const event of events) {
      if (json) print(JSON.stringify(asJson(event)))
      else for (const line of asLines(event)) print(line)
    }
  })

function asJson({ at, type, result, reason, clientId, remoteAddress, detail }: StoredAuditEvent) {
  const refusal = reason === undefined ? undefined : refusals[reason]
  return {
    time: new Date(at).toISOString(),
    type,
    result,
    ...(refusal && { reason, meaning: refusal.meaning, answered: { status: refusal.status, error: refusal.error } }),
    client_id: clientId,
    remote_address: remoteAddress,
    detail,
  }
}

function asLines(event: StoredAuditEvent): readonly string[] {
  const {
    time,
    type,
    result,
    reason,
    meaning,
    answered,
    client_id: client,
    remote_address: address,
    detail,
  } = asJson(event)
  const facts: Record<string, unknown> = { client, from: address, ...detail }
  return [
    `${time}  ${type}: ${result}${reason === undefined ? '' : `, ${reason}`}`,
    ...(meaning === undefined ? [] : [`  ${meaning}`]),
    ...(answered === undefined ? [] : [`  answered ${answered.status} ${answered.error}`]),
    ...Object.entries(facts).flatMap(([name, value]) => factLines(name, value, '  ')),
  ].map(printable)
}

/** One fact a line; what has parts, a part a line. */
function factLines(name: string, value: unknown, indent: string): readonly string[] {
  if (value === undefined || value === null || value === '') return []
  if (typeof value !== 'object') return [`${indent}${name}: ${value}`]
  const parts = Array.isArray(value) ? value : Object.entries(value).map(([key, part]) => ({ [key]: part }))
  if (parts.every((part) => typeof part !== 'object')) return [`${indent}${name}: ${parts.join(', ')}`]
  return [
    `${indent}${name}:`,
    ...parts.flatMap((part) =>
      typeof part === 'object' && part !== null
        ? Object.entries(part).flatMap(([key, inner], at) =>
            factLines(at === 0 && Array.isArray(value) ? `- ${key}` : key, inner, `${indent}  `),
          )
        : [`${indent}  ${part}`],
    ),
  ]
}
