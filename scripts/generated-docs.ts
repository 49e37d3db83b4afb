/** The pages of docs/ that are made from tables of the source; a test proves that they are current. */

import { configurationReference } from '../src/config/reference.ts'
import { refusals } from '../src/oauth/refusals.ts'
import { type Preset, presets } from '../src/tokens/presets.ts'

function presetsPage(): string {
  const sections = Object.entries<Preset>(presets).flatMap(([name, { title, sets, needs, notes }]) => [
    `## \`${name}\``,
    '',
    `${title}.`,
    '',
    ...(Object.keys(sets).length === 0
      ? ['- Sets nothing: the default tokens serve.']
      : Object.entries(sets).map(([field, value]) => `- Sets \`${field}: ${value}\`, unless the API says otherwise.`)),
    ...needs.map(({ why }) => `- Checked by \`tessera apply\`: ${why}.`),
    ...notes.map((note) => `- ${note}`),
    '',
  ])
  return [
    '# Presets for verifiers',
    '',
    'Generated from `src/tokens/presets.ts`.',
    '',
    'An API that names the verifier it uses (`token: { preset: spring-security }`) gets tokens which that verifier takes as',
    'it comes. What the API says itself wins over its preset; `tessera apply` warns where that will not work.',
    '',
    ...sections,
  ].join('\n')
}

function refusalsPage(): string {
  const rows = Object.entries(refusals).map(
    ([reason, { error, status, description, meaning }]) =>
      `| \`${reason}\` | ${status} \`${error}\` | ${description} | ${meaning} |`,
  )
  return [
    '# Refusals',
    '',
    'Generated from `src/oauth/refusals.ts`.',
    '',
    'Every refusal has a reason, which the audit log has (`tessera audit tail --request-id …`, with the `X-Request-Id` of the',
    'answer) and the wire does not. What the wire says is the same for all that a stranger must not tell apart.',
    '',
    '| reason | answer | what the wire says | what it means |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

/** Each page, by its path. */
export const generatedDocs: Readonly<Record<string, () => string>> = {
  'docs/configuration.md': () => `${configurationReference()}\n`,
  'docs/presets.md': presetsPage,
  'docs/refusals.md': refusalsPage,
}
