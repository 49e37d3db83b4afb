import type { Remedy } from '../management/explanations/advice/advice.ts'
import type { Explanation } from '../management/explanations/explanation.ts'
import { alignedFacts, checkLine } from './facts.ts'
import { printable } from './output.ts'

/** An explanation as JSON. */
export function explanationAsJson({ refusal, ...event }: Explanation) {
  return {
    time: event.time,
    type: event.type,
    result: event.result,
    request_id: event.requestId,
    ...(refusal && {
      reason: refusal.reason,
      meaning: refusal.meaning,
      answered: refusal.answered,
      notes: refusal.notes,
      checks: refusal.checks,
      did_you_mean: refusal.meant,
      remedies: refusal.remedies,
    }),
    client_id: event.clientId,
    remote_address: event.remoteAddress,
    credential_label: event.credentialLabel,
    detail: event.detail,
  }
}

/** The place of the lines or values of a remedy. */
const PLACES: Readonly<Record<Remedy['kind'], string>> = {
  command: '',
  client: ', in the manifest of the client',
  api: ', in the manifest of the API',
  setting: ', in the configuration',
  request: ', in the request',
}

/** An explanation as lines for people: the refusal, its checks, its facts, and the remedies at the end. */
export function explanationLines({ refusal, ...event }: Explanation): readonly string[] {
  const { time, type, result, clientId, remoteAddress, credentialLabel: label, detail } = event
  const { credential } = detail
  const named = label === undefined || typeof credential !== 'string' ? {} : { credential: `${label} (${credential})` }
  const answered = refusal && `${refusal.answered.status} ${refusal.answered.error}`
  const facts = { answered, client: clientId, from: remoteAddress, ...detail, ...named }
  return [
    `${time}  ${type}: ${result}${refusal === undefined ? '' : `, ${refusal.reason}`}`,
    ...(refusal === undefined ? [] : [refusal.meaning, ...refusal.notes].map((sentence) => `  ${sentence}`)),
    ...(refusal?.meant ?? []).map(({ sent, meant }) => `  Did you mean ${meant}, in place of ${sent}?`),
    ...(refusal?.checks ?? []).map((check) => `  ${checkLine(check)}`),
    ...alignedFacts(facts),
    ...remedyLines(refusal?.remedies ?? []),
  ].map(printable)
}

function remedyLines(remedies: readonly Remedy[]): readonly string[] {
  if (remedies.length === 0) return []
  return [
    '  To mend it:',
    ...remedies.flatMap(({ text, kind, value }) => [`    - ${text}${PLACES[kind]}:`, `        ${value}`]),
  ]
}
