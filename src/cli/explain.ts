import type { StoredAuditEvent } from '../audit/store.ts'
import { refusalOf } from '../endpoints/refusal-table.ts'
import type { Client, UnreadableClient } from '../model/client.ts'
import { ClientId } from '../oauth/ids.ts'
import { DAY_MS, systemClock } from '../platform/clock.ts'
import { uuidv7Time } from '../platform/random.ts'
import { NotFound, UsageError } from '../platform/user-error.ts'
import { withDatabase } from './database.ts'
import { factLines } from './facts.ts'
import { type OutputOptions, showNext } from './format.ts'
import { print, printable } from './output.ts'
import { requestIdIn } from './request-id.ts'

interface ExplainOptions extends OutputOptions {
  readonly config?: string
}

/** `tessera explain`: prints the result of a request and its reasons, which no response reveals. */
export const explain = (given: string, { config, ...output }: ExplainOptions): Promise<void> =>
  withDatabase(config, async ({ options, store }) => {
    const requestId = requestIdIn(given)
    if (/\s/.test(requestId)) throw new UsageError('that is not a request id: give the X-Request-Id of a response')
    const events = await store.audit.listEvents({ limit: 100, requestId })
    if (events.length === 0) throw new NotFound(nothingUnder(requestId, options.audit.retention_days))
    for (const event of events) {
      const { clientId } = event
      const client = clientId === undefined ? undefined : await store.directory.loadClient(ClientId(clientId))
      showNext(output, {
        data: asJson(event, client),
        forPeople: () => {
          for (const line of asLines(event, client)) print(line)
        },
      })
    }
  })

/** Explains why an id has no event: not every request records one. @param retention days */
function nothingUnder(requestId: string, retention: number): string {
  const madeAt = uuidv7Time(requestId)
  const nothing = `nothing is recorded under ${JSON.stringify(requestId)}`
  if (madeAt === undefined)
    return `${nothing}, which is not a request id of this server: give the X-Request-Id of a response`
  const made = `${nothing}, made at ${new Date(madeAt).toISOString()}`
  if (madeAt < systemClock.now() - retention * DAY_MS) return `${made}: events are kept for ${retention} days`
  return `${made}. The log records tokens that were issued or revoked, and requests that an endpoint refused. It does not record responses about tokens (introspection, validation), fetches of keys and metadata, or paths without an endpoint (404)`
}

/** The present client of an event; undefined if it does not exist. */
type Known = Client | UnreadableClient | undefined

function asJson(event: StoredAuditEvent, client: Known) {
  const { at, type, result, reason, clientId, remoteAddress, detail } = event
  const refusal = reason === undefined ? undefined : refusalOf(reason)
  return {
    time: new Date(at).toISOString(),
    type,
    result,
    ...(refusal && { reason, meaning: refusal.meaning, answered: { status: refusal.status, error: refusal.error } }),
    notes: notesOn(event, client),
    client_id: clientId,
    remote_address: remoteAddress,
    credential_label: labelOf(event, client),
    detail,
  }
}

/** Notes on a reason, from the present state of the client. */
function notesOn({ reason, detail }: StoredAuditEvent, client: Known): readonly string[] {
  if (client === undefined) return []
  if ('problem' in client) return [`The record of the client can't be read now: ${client.problem}.`]
  const { certificates } = client.credentials
  if (reason === 'no_credentials' && detail['certificate'] === 'none' && certificates.length > 0) {
    return [
      'The client authenticates by certificate, but none arrived: check whether it sends one, and whether a proxy terminates TLS before the server (runtime.certificate_header).',
    ]
  }
  if (reason !== 'client_disabled') return []
  const { disabledAt } = client.ended ?? {}
  if (client.enabled) return ['The client is enabled now.']
  if (disabledAt === undefined) return ['Its manifest says `enabled: false`.']
  return [`A command disabled it on ${new Date(disabledAt).toISOString()}; \`tessera clients enable\` undoes that.`]
}

/** The member of the detail that names a credential: the one that authenticated the client, or an unreadable one. */
const naming = ({ detail }: StoredAuditEvent): string | undefined =>
  ['credential', 'unreadable_credential'].find((name) => name in detail)

/** The label of the credential that an event names; undefined if it has none or no longer exists. */
function labelOf(event: StoredAuditEvent, client: Known): string | undefined {
  const name = naming(event)
  if (name === undefined) return undefined
  return client?.credentials.all.find(({ id }) => id === event.detail[name])?.label || undefined
}

function asLines(event: StoredAuditEvent, about: Known): readonly string[] {
  const {
    time,
    type,
    result,
    reason,
    meaning,
    answered,
    notes,
    client_id: client,
    remote_address: address,
    credential_label: label,
    detail,
  } = asJson(event, about)
  const name = naming(event)
  const named = label === undefined || name === undefined ? detail : { ...detail, [name]: `${label} (${detail[name]})` }
  return [
    `${time}  ${type}: ${result}${reason === undefined ? '' : `, ${reason}`}`,
    ...(meaning === undefined ? [] : [`  ${meaning}`]),
    ...notes.map((note) => `  ${note}`),
    ...(answered === undefined ? [] : [`  answered ${answered.status} ${answered.error}`]),
    ...Object.entries({ client, from: address, ...named }).flatMap(([name, value]) => factLines(name, value)),
  ].map(printable)
}
