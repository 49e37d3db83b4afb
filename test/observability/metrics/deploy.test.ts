import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { metricTable, processMetricTable } from '../../../src/observability/table.ts'
import { SECRET } from '../../harness/model.ts'
import { blocksOf } from '../../harness/page.ts'
import { basic, startTestServer } from '../../harness/server.ts'

const dashboard = z
  .object({
    uid: z.literal('tessera'),
    panels: z.array(
      z.object({
        id: z.number(),
        type: z.enum(['row', 'stat', 'timeseries']),
        gridPos: z.object({ h: z.number(), w: z.number(), x: z.number(), y: z.number() }),
        title: z.string().min(1),
        targets: z.array(z.object({ expr: z.string(), refId: z.string() })).default([]),
      }),
    ),
    templating: z.object({
      list: z.array(z.object({ name: z.string(), query: z.union([z.string(), z.object({ query: z.string() })]) })),
    }),
    annotations: z.object({ list: z.array(z.object({ expr: z.string() })) }),
  })
  .parse(JSON.parse(readFileSync('deploy/grafana-dashboard.json', 'utf8')))

const rules = z
  .strictObject({
    groups: z.array(
      z.strictObject({
        name: z.string(),
        rules: z.array(
          z.strictObject({
            alert: z.string().regex(/^Tessera[A-Za-z]+$/),
            expr: z.string(),
            for: z
              .string()
              .regex(/^\d+[smh]$/)
              .optional(),
            labels: z.strictObject({ severity: z.enum(['page', 'ticket']) }),
            annotations: z.strictObject({ summary: z.string(), runbook: z.string() }),
          }),
        ),
      }),
    ),
  })
  .parse(parse(readFileSync('deploy/alerts.yml', 'utf8')))
const alerts = rules.groups.flatMap((group) => group.rules)

/** Each metric that may be named, with its labels, including those that Prometheus adds. */
const labelsOf = new Map<string, readonly string[]>([['up', []]])
for (const [name, { type, labels }] of Object.entries(metricTable)) {
  if (type === 'histogram') labelsOf.set(`${name}_bucket`, [...Object.keys(labels), 'le'])
  else labelsOf.set(name, Object.keys(labels))
}
for (const name of Object.keys(processMetricTable)) labelsOf.set(name, ['role'])
const ADDED = ['job', 'instance']

const names = (expression: string) =>
  [...expression.matchAll(/\b(?:up|(?:tessera|process|nodejs)_\w+)\b/g)].map(([name]) => name)

/** The unknown metrics and labels that an expression names. */
function unknownIn(expression: string): readonly string[] {
  // Text in quotes is a value.
  const bare = expression.replaceAll(/"[^"]*"/g, '""')
  const metrics = names(bare)
  const known = new Set(metrics.flatMap((name) => labelsOf.get(name) ?? []).concat(ADDED))
  const matched = [...bare.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*""/g)].map(([, label = '']) => label)
  const grouped = [...bare.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) =>
    list.split(',').map((one) => one.trim()),
  )
  return [
    ...metrics.filter((name) => !labelsOf.has(name)),
    ...[...matched, ...grouped].filter((label) => !known.has(label)),
    ...(metrics.length === 0 ? ['no metric'] : []),
  ]
}

test.each([
  ['an unknown metric', 'rate(tessera_tokens_total[5m])', ['tessera_tokens_total']],
  ['a label of another metric', 'sum by (client) (tessera_requests_total{path="x"})', ['path', 'client']],
  ['none', 'vector(1)', ['no metric']],
])('an expression with %s is found', (_name, expression, unknown) => {
  expect(unknownIn(expression)).toEqual(unknown)
})

describe('the dashboard', () => {
  const panels = dashboard.panels.filter(({ type }) => type !== 'row')

  test.each(panels.map(({ title, targets }) => [title, targets] as const))(
    '%s: names only existing metrics',
    (_title, targets) => {
      expect(targets.flatMap(({ expr }) => unknownIn(expr))).toEqual([])
      expect(targets.length).toBeGreaterThan(0)
    },
  )

  test('its variables and annotations name only existing metrics', () => {
    const queries = dashboard.templating.list.flatMap(({ query }) => (typeof query === 'string' ? [] : [query.query]))
    const expressions = [...queries, ...dashboard.annotations.list.map(({ expr }) => expr)]
    expect(expressions.flatMap(unknownIn)).toEqual([])
  })

  test('shows every metric of ours, except denominators', () => {
    const shown = new Set(panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => names(expr))))
    const missing = Object.keys(metricTable).filter((name) => !shown.has(name) && !shown.has(`${name}_bucket`))
    expect(missing).toEqual([])
  })

  test('has panels with distinct ids and places', () => {
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length)
    const cells = dashboard.panels.flatMap(({ gridPos: { h, w, x, y } }) =>
      Array.from({ length: h * w }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    )
    expect(new Set(cells).size).toBe(cells.length)
    expect(Math.max(...dashboard.panels.map(({ gridPos: { x, w } }) => x + w))).toBeLessThanOrEqual(24)
  })
})

describe('the alert', () => {
  const operations = readFileSync('docs/operating/monitoring.md', 'utf8')

  test.each(alerts.map((alert) => [alert.alert, alert] as const))(
    '%s names only existing metrics, and is documented',
    (name, alert) => {
      expect(unknownIn(alert.expr)).toEqual([])
      expect(alert.annotations.runbook).toBe(`docs/operating/monitoring.md#${name.toLowerCase()}`)
      expect(operations).toContain(`\n### ${name}\n`)
    },
  )

  test('has only existing metrics in operations.md', () => {
    const written = [...operations.matchAll(/`((?:tessera|process|nodejs)_\w+)/g)].map(([, name = '']) => name)
    expect(written.length).toBeGreaterThan(10)
    expect(written.filter((name) => !labelsOf.has(name) && !labelsOf.has(`${name}_bucket`))).toEqual([])
  })

  test('of operations.md is among the rules', () => {
    const explained = [...operations.matchAll(/^### (Tessera\w+)$/gm)].map(([, name]) => name)
    expect(explained.toSorted()).toEqual(alerts.map(({ alert }) => alert).toSorted())
  })
})

test('the example scrape configuration has the rules and the path of the metrics', () => {
  const config = parse(readFileSync('deploy/prometheus.yml', 'utf8'))
  expect(config).toMatchObject({
    rule_files: ['alerts.yml'],
    scrape_configs: [{ job_name: 'tessera', scheme: 'https', metrics_path: '/metrics' }],
  })
})

test('the example scrape configuration and the manifest beside it get the metrics of a server', async () => {
  const { scrape_configs: configs } = parse(readFileSync('deploy/prometheus.yml', 'utf8'))
  const [{ oauth2, metrics_path: path }] = scraping.parse(configs)
  const [manifest] = blocksOf('deploy/README.md').filter(({ language }) => language === 'yaml')
  const server = await startTestServer({
    manifest: manifest?.text.replace('{ label: first }', `{ label: first, secret: ${SECRET} }`) ?? '',
    options: { 'admin.metrics': 'authenticated' },
  })
  try {
    expect((await fetch(`${server.admin}${path}`)).status).toBe(401)
    // As Prometheus does: https://prometheus.io/docs/prometheus/latest/configuration/configuration/#oauth2
    const answer = await fetch(`${server.issuer}${new URL(oauth2.token_url).pathname}`, {
      method: 'POST',
      headers: basic(oauth2.client_id, SECRET),
      body: new URLSearchParams({ grant_type: 'client_credentials', ...oauth2.endpoint_params }),
    })
    const { access_token: token } = z.looseObject({ access_token: z.string() }).parse(await answer.json())
    const scraped = await fetch(`${server.admin}${path}`, { headers: { authorization: `Bearer ${token}` } })
    expect(scraped.status).toBe(200)
    expect(await scraped.text()).toContain('tessera_build_info')
  } finally {
    await server.stop()
  }
})

const scraping = z.tuple([
  z.looseObject({
    metrics_path: z.string(),
    oauth2: z.strictObject({
      client_id: z.string(),
      client_secret_file: z.string(),
      token_url: z.url(),
      endpoint_params: z.record(z.string(), z.string()),
      tls_config: z.strictObject({ ca_file: z.string() }),
    }),
  }),
])
