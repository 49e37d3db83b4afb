import { LONGEST_GATHERED_MS } from '../../audit/refusals.ts'
import { DAY_MS } from '../../platform/clock.ts'
import { uuidv7Time } from '../../platform/random.ts'

/** The requests that leave no event. */
const SILENT =
  'The log records tokens that were issued or revoked, and requests that an endpoint refused. It does not record responses about tokens (introspection, validation), fetches of keys and metadata, or paths without an endpoint (404)'

/**
 * Explains why a request id has no event: not every request records one.
 * @param now milliseconds @param retention days for which events are kept
 */
export function whyUnrecorded(requestId: string, now: number, retention: number): string {
  const madeAt = uuidv7Time(requestId)
  const nothing = `nothing is recorded under ${JSON.stringify(requestId)}`
  if (madeAt === undefined) {
    return `${nothing}, which is not a request id of this server: give the X-Request-Id of a response`
  }
  const made = `${nothing}, made at ${new Date(madeAt).toISOString()}`
  if (madeAt < now - retention * DAY_MS) return `${made}: events are kept for ${retention} days`
  const isNew = now - madeAt < LONGEST_GATHERED_MS
  const later = isNew ? '. The id is new: many equal refusals are recorded together, a minute later at most' : ''
  return `${made}. ${SILENT}${later}. \`tessera introspect\` says why a token is not active`
}
