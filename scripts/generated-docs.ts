/** The pages of docs/ that are generated from tables of the source. A test proves that they are current. */

import { readFileSync } from 'node:fs'
import { growthTable } from '../simulation/growth.ts'
import { program } from '../src/cli/main.ts'
import { commandReference } from '../src/cli/reference.ts'
import { configurationReference } from '../src/config/reference.ts'
import { refusals } from '../src/endpoints/refusal-table.ts'
import { generalRemedies } from '../src/management/explanations/advice/table.ts'
import { manifestJsonSchema } from '../src/management/manifest/reading/json-schema.ts'
import { BUCKETS } from '../src/observability/durations.ts'
import { metricTable, processMetricTable } from '../src/observability/table.ts'
import { isLive, reloadReference } from '../src/server/reload/table.ts'
import { type Preset, presetless, presets } from '../src/tokens/presets.ts'
import { adminApiPage } from './admin-api-page.ts'
import { chartValuesSchema } from './chart-values.ts'
import { dependenciesPage } from './dependencies/page.ts'
import { endpointsPage } from './endpoints/page.ts'
import { manifestTable } from './manifest-tables.ts'
import { contentsTable } from './site/contents.ts'
import { snippetPages } from './snippet-pages.ts'

function presetsPage(): string {
  const sections = Object.entries<Preset>(presets).flatMap(([name, { title, sets, needs, notes }]) => [
    `## \`${name}\``,
    '',
    `${title}.`,
    '',
    ...(Object.keys(sets).length === 0
      ? ['- Sets nothing: the verifier accepts the default tokens.']
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
    'An API can name the verifier it uses (`token: { preset: spring-security }`). It then gets tokens that this verifier accepts with',
    'its default settings. Settings of the API itself override its preset; `tessera apply` warns if they do not work together.',
    '',
    ...sections,
    '## Without a preset',
    '',
    'These verifiers were seen to accept the default tokens. Each entry says what the verifier needs:',
    '',
    ...Object.entries(presetless).map(([name, note]) => `- ${name}: ${note}`),
    '',
  ].join('\n')
}

/** The general remedies of a reason, in one cell. */
const remediesOf = (reason: string): string =>
  (generalRemedies.get(reason) ?? [])
    .map(({ text, value }) => `${text.replaceAll('<', '&lt;')}: \`${value.replaceAll('|', '\\|')}\``)
    .join('<br>')

function refusalsPage(): string {
  const rows = Object.entries(refusals).map(
    ([reason, { error, status, description, meaning }]) =>
      `| \`${reason}\` | ${status} \`${error}\` | ${description} | ${meaning} | ${remediesOf(reason)} |`,
  )
  return [
    '# Refusals',
    '',
    'Generated from the table of refusals of each feature (`src/endpoints/refusal-table.ts`), and the table of remedies',
    '(`src/management/explanations/advice/table.ts`).',
    '',
    'Every refusal has a reason. The audit log has it ([`tessera explain`](../operating/explain.md) with the request id); the answer',
    'itself does not. Cases that a stranger must not distinguish get the same answer, except for the request id. Each',
    '`error_description` ends with the id, as in `(request 0192…)`. `tessera explain` fills in the names and values of the request.',
    '',
    '| reason | answer | `error_description` | meaning | remedies |',
    '| --- | --- | --- | --- | --- |',
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
    '`GET /metrics` on the admin listener, in the text format of Prometheus. [monitoring.md](../operating/monitoring.md) names the most important',
    'ones. No label contains a client, an address, or anything that was sent, so the number of series is bounded.',
    '',
    '| metric | type | labels | meaning |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
    `Histograms have the buckets ${BUCKETS.join(', ')} seconds.`,
    '',
    'prom-client adds metrics of the process. Their label `role` is `server`, or `primary` and `worker` with several processes. The most',
    'useful are:',
    '',
    '| metric | meaning |',
    '| --- | --- |',
    ...ofProcess,
    '',
  ].join('\n')
}

/** A page that people write, except for its tables between marks. @param tableOf gives a table by the name in its first mark */
function pageWith(path: string, tableOf: (name: string) => string): string {
  const page = readFileSync(path, 'utf8')
  const marked = /(<!-- begin: (.*) -->\n)[\s\S]*?(<!-- end -->)/g
  if (!page.includes('<!-- begin: ')) throw new Error(`${path} has no marks for its table`)
  return page.replace(marked, (_, begin: string, name: string, end: string) => `${begin}${tableOf(name)}\n${end}`)
}

const reloadPage = (): string =>
  pageWith('docs/operating/reload.md', () => `| option | from then on |\n| --- | --- |\n${reloadReference()}`)

const scalePage = (): string => pageWith('docs/operating/scale.md', growthTable)

/** Each page, by its path. */
export const generatedDocs: Readonly<Record<string, () => string>> = {
  'deploy/kubernetes/chart/values.schema.json': chartValuesSchema,
  'docs/README.md': () => pageWith('docs/README.md', contentsTable),
  'docs/reference/admin-api.md': adminApiPage,
  'docs/reference/commands.md': () => commandReference(program),
  'docs/reference/configuration.md': () => `${configurationReference(isLive)}\n`,
  'docs/reference/endpoints.md': endpointsPage,
  'docs/reference/manifest.md': () => pageWith('docs/reference/manifest.md', manifestTable),
  'docs/reference/manifest.schema.json': () => `${JSON.stringify(manifestJsonSchema(), undefined, 2)}\n`,
  'docs/reference/metrics.md': metricsPage,
  'docs/reference/presets.md': presetsPage,
  'docs/reference/refusals.md': refusalsPage,
  'docs/internals/dependencies.md': dependenciesPage,
  'docs/operating/reload.md': reloadPage,
  'docs/operating/scale.md': scalePage,
  ...snippetPages(),
}
