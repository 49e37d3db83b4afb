/** The pages of docs/ that are made from tables of the source; a test proves that they are current. */

import { readFileSync } from 'node:fs'
import { growthTable } from '../bench/scale/growth.ts'
import { configurationReference } from '../src/config/reference.ts'
import { refusals } from '../src/oauth/refusals.ts'
import { BUCKETS } from '../src/observability/durations.ts'
import { metricTable, processMetricTable } from '../src/observability/table.ts'
import { isLive, reloadReference } from '../src/server/reload/table.ts'
import { type Preset, presetless, presets } from '../src/tokens/presets.ts'

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
    '## Without a preset',
    '',
    'These were seen to take the default tokens; each needs',
    '',
    ...Object.entries(presetless).map(([name, note]) => `- ${name}: ${note}`),
    '',
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

function metricsPage(): string {
  const rows = Object.entries(metricTable).map(([name, { type, help, labels }]) => {
    const described = Object.entries<string>(labels).map(([label, values]) => `\`${label}\`: ${values}`)
    return `| \`${name}\` | ${type} | ${described.join('<br>')} | ${help} |`
  })
  const ofProcess = Object.entries(processMetricTable).map(([name, help]) => `| \`${name}\` | ${help} |`)
  return [
    '# Metrics',
    '',
    'Generated from `src/observability/table.ts`.',
    '',
    '`GET /metrics` on the admin listener, in the text format of Prometheus. [operations.md](operations.md) says what to watch. No',
    'label is of a client, of an address, or of anything as it was sent: the number of series has a bound.',
    '',
    '| metric | type | labels | what it is |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
    `Histograms have the buckets ${BUCKETS.join(', ')} seconds.`,
    '',
    'Beside these are the metrics of the process that prom-client collects, with the label `role`: `server`, or `primary` and `worker`',
    'where several processes serve as one. Worth watching are',
    '',
    '| metric | what it is |',
    '| --- | --- |',
    ...ofProcess,
    '',
  ].join('\n')
}

/** A page that people write, except for the table between its two marks. */
function pageWith(path: string, table: string): string {
  const page = readFileSync(path, 'utf8')
  const marked = /(<!-- begin: .* -->\n)[\s\S]*(<!-- end -->)/
  if (!marked.test(page)) throw new Error(`${path} has no marks for its table`)
  return page.replace(marked, (_, begin: string, end: string) => `${begin}${table}\n${end}`)
}

const reloadPage = (): string =>
  pageWith('docs/reload.md', `| option | from then on |\n| --- | --- |\n${reloadReference()}`)

const scalePage = (): string => pageWith('docs/scale.md', growthTable())

/** Each page, by its path. */
export const generatedDocs: Readonly<Record<string, () => string>> = {
  'docs/configuration.md': () => `${configurationReference(isLive)}\n`,
  'docs/metrics.md': metricsPage,
  'docs/presets.md': presetsPage,
  'docs/refusals.md': refusalsPage,
  'docs/reload.md': reloadPage,
  'docs/scale.md': scalePage,
}
