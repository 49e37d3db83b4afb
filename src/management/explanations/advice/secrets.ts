import type { Check, Remedy } from './advice.ts'
import { type Case, credentialsInWords, failed, partOf, request } from './case.ts'

/** Each form of a refused secret in words. */
const FORMS: Readonly<Record<string, string>> = {
  generated: 'a whole generated secret',
  'cut off': 'a generated secret that is cut off: its end is missing',
  'too long': 'a generated secret with more text after it',
  mistyped: 'a generated secret with a wrong character: its checksum is wrong',
  token: 'a token in the place of the secret',
  chosen: 'a text that was not generated here',
}

/** Compares the secret that came with those of the client. */
export function secretCheck(about: Case): readonly Check[] {
  const received = partOf(about, 'received')
  const form = FORMS[String(received.detail['form'])]
  if (form === undefined) return []
  const { hint, white_space: space, quotation_marks: quoted } = received.detail
  const came = [
    ...(typeof hint === 'string' ? [`${form} (…${hint})`] : [form]),
    ...(typeof space === 'string' ? [`with white space ${space}`] : []),
    ...(quoted === true ? ['in quotation marks'] : []),
  ]
  const secrets = about.credentials.filter(({ credential }) => credential.kind === 'secret')
  return [failed('secret', credentialsInWords(secrets), came.join(', '))]
}

/** Remedies for the form in which the secret came. */
export function secretRemedies(about: Case): readonly Remedy[] {
  const { form, white_space: space, quotation_marks: quoted } = partOf(about, 'received').detail
  return [
    ...(space === undefined && quoted === undefined
      ? []
      : [request('Remove what stands around the secret', `SECRET="$(tr -d ' \\t\\r\\n\\"' < secret-file)"`)]),
    ...(form === 'cut off' || form === 'too long' || form === 'mistyped'
      ? [request('Copy the secret again, as a whole', 'tss_ and 49 letters and digits')]
      : []),
    ...(form === 'token'
      ? [request('Send the token as client_assertion, and no secret', 'client_assertion=<token>')]
      : []),
  ]
}

/** Says to which credential the secret belongs. */
export function ownerNotes({ secretOf, client }: Case): readonly string[] {
  if (secretOf === undefined) return []
  const { client: owner, credential, state } = secretOf
  if (owner === client) return [`The secret is that of ${credential} (${state}), without what stands around it.`]
  return [`The secret belongs to the client ${owner} (${credential}, ${state}).`]
}

/** Names the client to which the secret belongs. */
export function ownerRemedies({ secretOf, client }: Case): readonly Remedy[] {
  if (secretOf === undefined || secretOf.client === client) return []
  return [request('Send the client_id to which the secret belongs', `client_id=${secretOf.client}`)]
}
