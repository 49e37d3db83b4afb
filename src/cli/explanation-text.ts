import { z } from 'zod'
import type { Remedy } from '../management/explanations/advice/advice.ts'
import { alignedFacts, checkLine } from './facts.ts'
import { printable } from './output.ts'

/** An explanation in the answers of the admin API. */
export const explanationAnswer = z.looseObject({
  time: z.string(),
  type: z.string(),
  result: z.string(),
  request_id: z.string(),
  reason: z.string().optional(),
  meaning: z.string().optional(),
  answered: z.object({ status: z.int(), error: z.string() }).optional(),
  notes: z.array(z.string()).readonly().optional(),
  checks: z
    .array(
      z.object({
        check: z.string(),
        passed: z.boolean(),
        expected: z.string(),
        received: z.string(),
        note: z.string().exactOptional(),
      }),
    )
    .readonly()
    .optional(),
  did_you_mean: z
    .array(z.object({ sent: z.string(), meant: z.string() }))
    .readonly()
    .optional(),
  remedies: z
    .array(
      z.object({
        text: z.string(),
        kind: z.enum(['command', 'client', 'api', 'setting', 'request']),
        value: z.string(),
      }),
    )
    .readonly()
    .optional(),
  client_id: z.string().optional(),
  remote_address: z.string().optional(),
  credential_label: z.string().optional(),
  detail: z.record(z.string(), z.unknown()).readonly(),
})

/** The place of the lines or values of a remedy. */
const PLACES: Readonly<Record<Remedy['kind'], string>> = {
  command: '',
  client: ', in the manifest of the client',
  api: ', in the manifest of the API',
  setting: ', in the configuration',
  request: ', in the request',
}

/** An explanation as lines for people: the refusal, its checks, its facts, and the remedies at the end. */
export function explanationLines(explanation: z.input<typeof explanationAnswer>): readonly string[] {
  const {
    time,
    type,
    result,
    reason,
    meaning,
    answered,
    notes = [],
    checks = [],
    did_you_mean: meant = [],
  } = explanation
  const { remedies = [], client_id: client, remote_address: from, credential_label: label, detail } = explanation
  const { credential } = detail
  const named = label === undefined || typeof credential !== 'string' ? {} : { credential: `${label} (${credential})` }
  const facts = { answered: answered && `${answered.status} ${answered.error}`, client, from, ...detail, ...named }
  return [
    `${time}  ${type}: ${result}${reason === undefined ? '' : `, ${reason}`}`,
    ...[...(meaning === undefined ? [] : [meaning]), ...notes].map((sentence) => `  ${sentence}`),
    ...meant.map((one) => `  Did you mean ${one.meant}, in place of ${one.sent}?`),
    ...checks.map((check) => `  ${checkLine(check)}`),
    ...alignedFacts(facts),
    ...remedyLines(remedies),
  ].map(printable)
}

function remedyLines(remedies: readonly Remedy[]): readonly string[] {
  if (remedies.length === 0) return []
  return [
    '  To mend it:',
    ...remedies.flatMap(({ text, kind, value }) => [`    - ${text}${PLACES[kind]}:`, `        ${value}`]),
  ]
}
