import { randomBytes } from 'node:crypto'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { parse } from 'yaml'
import { readOptions } from '../../src/config/load.ts'
import { type Examined, examineConfig, requireConfig } from '../../src/config/resolve.ts'
import { createLogger } from '../../src/observability/log.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { startServer } from '../../src/server/server.ts'
import { freePort } from '../harness/port.ts'
import {
  CHART,
  type ConfigMap,
  configIn,
  type Deployment,
  type Manifest,
  manifestOf,
  manifestsOf,
  type NetworkPolicy,
  type Rendered,
  renderChart,
  type Selecting,
  type Service,
  type ServiceMonitor,
  valuesIn,
} from './chart.ts'
import { LONGEST_BUILD, whyNoGo } from './go.ts'
import { merge, refused, valuesOnPage, wrong } from './values.ts'

const accepted = ['sqlite', 'postgresql', 'everything', 'page'] as const
const PLAIN = 'deploy/kubernetes/manifests'

const missing = await whyNoGo()

describe.skipIf(missing !== undefined)(missing === undefined ? 'the chart' : `the chart (skipped: ${missing})`, () => {
  let results: Readonly<Record<string, Rendered>>
  let folder: string

  beforeAll(async () => {
    const cases: Record<string, string> = { plain: readFileSync(`${PLAIN}/values.yaml`, 'utf8') }
    for (const name of accepted) cases[name] = name === 'page' ? valuesOnPage() : valuesIn(name)
    for (const [name, [values]] of Object.entries(wrong)) cases[name] = merge(valuesIn('sqlite'), values)
    for (const [name, [of, values]] of Object.entries(refused)) cases[name] = merge(valuesIn(of), values)
    results = await renderChart(cases)
    folder = mkdtempSync(join(tmpdir(), 'tessera-chart-'))
    const tls = inject('tls')
    copyFileSync(tls.cert, join(folder, 'tls.crt'))
    copyFileSync(tls.key, join(folder, 'tls.key'))
    copyFileSync(tls.ca, join(folder, 'client-ca.crt'))
    copyFileSync(tls.ca, join(folder, 'database-ca.crt'))
    for (const name of ['master-key', 'previous-master-key', 'database-password'])
      writeFileSync(join(folder, name), randomBytes(32).toString('base64'), { mode: 0o600 })
  }, LONGEST_BUILD)

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const of = (name: string): Rendered => {
    const found = results[name]
    if (found === undefined) throw new Error(`${name} was not rendered`)
    return found
  }

  /** Reads the configuration of a pod, with the files that it would have. */
  function examine(rendered: Rendered, replaced: Readonly<Record<string, string>> = {}): Examined {
    const file = join(folder, 'tessera.yaml')
    writeFileSync(file, configIn(rendered).replaceAll('/etc/tessera/credentials', folder))
    const { env } = containerIn(rendered)
    const set = env.flatMap(({ name, value }): [string, string][] =>
      // The address of the database comes from a Secret.
      name === 'TESSERA_CONFIG' ? [] : [[name, value ?? 'postgres://tessera:secret@db.example.com/tessera']],
    )
    return examineConfig(readOptions({ file, env: Object.fromEntries(set), flags: replaced }), systemClock)
  }

  test.each(accepted)('%s has no finding of helm lint, and no mistake of Kubernetes', (name) => {
    expect(of(name)).toMatchObject({ lint: [], mistakes: [] })
    expect(of(name)).not.toHaveProperty('error')
  })

  test.each(Object.entries(wrong))('this test finds %s', (name, [, words]) => {
    expect(of(name).mistakes.join()).toContain(words)
  })

  test.each(accepted)('%s has a configuration that the server accepts', (name) => {
    expect(examine(of(name)).mistakes).toEqual([])
  })

  test.each(Object.keys(refused))('Helm refuses %s', (name) => {
    expect(of(name).error).toContain(refused[name]?.[2])
  })

  test('a server with the configuration of the chart answers every probe', async () => {
    const rendered = of('sqlite')
    const { ports, startupProbe, livenessProbe, readinessProbe } = containerIn(rendered)
    const { config: written } = examine(rendered)
    expect(ports).toEqual([
      { name: 'runtime', containerPort: written?.runtime.port },
      { name: 'admin', containerPort: written?.admin.port },
    ])
    // Every test has ports and a database of its own.
    const config = requireConfig(
      examine(rendered, {
        storage: `sqlite:${join(folder, 'tessera.db')}`,
        'runtime.port': String(await freePort()),
        'admin.port': String(await freePort()),
        'shutdown.delay': '0',
      }),
    )
    const server = await startServer(config, { log: createLogger('silent') })
    try {
      for (const { httpGet } of [startupProbe, livenessProbe, readinessProbe]) {
        expect(httpGet).toMatchObject({ port: 'admin', scheme: 'HTTPS' })
        const { status } = await fetch(`https://localhost:${server.adminPort}${httpGet.path}`)
        expect({ ...httpGet, status }).toMatchObject({ status: 200 })
      }
    } finally {
      await server.stop()
    }
  })

  test.each(accepted)('%s gives a pod time for shutdown.delay and shutdown.timeout', (name) => {
    const { delay = 0, timeout = 0 } = examine(of(name)).config?.shutdown ?? {}
    const { terminationGracePeriodSeconds } = manifestOf<Deployment>(of(name), 'Deployment').spec.template.spec
    expect(delay).toBeGreaterThanOrEqual(10)
    expect(terminationGracePeriodSeconds).toBeGreaterThanOrEqual(delay + timeout + 10)
  })

  test.each(accepted)(
    'every selector of %s finds the pods of the servers, and every port has a name of theirs',
    (name) => {
      const { spec } = manifestOf<Deployment>(of(name), 'Deployment')
      const ports = containerIn(of(name)).ports.map((port) => port.name)
      const services = manifestsOf<Service>(of(name), /^Service$/)
      const selectors = [spec.selector.matchLabels, ...services.map((service) => service.spec.selector)]
      const others = manifestsOf<Selecting>(of(name), /^(?:PodDisruptionBudget|NetworkPolicy)$/)
      for (const other of others) selectors.push((other.spec.selector ?? other.spec.podSelector)?.matchLabels ?? {})
      expect(selectors).toHaveLength(5)
      for (const selector of selectors) {
        expect(Object.keys(selector).length).toBeGreaterThan(1)
        expect(spec.template.metadata.labels).toMatchObject(selector)
      }
      for (const service of services)
        for (const { targetPort } of service.spec.ports) expect(ports).toContain(targetPort)
    },
  )

  test('Prometheus finds the admin listener, and fetches a token from the issuer', () => {
    const { spec } = manifestOf<ServiceMonitor>(of('everything'), 'ServiceMonitor')
    const service = manifestOf<Service>(of('everything'), 'Service', 'auth-admin')
    expect(service.metadata.labels).toMatchObject(spec.selector.matchLabels)
    expect(spec.endpoints).toEqual([
      expect.objectContaining({
        port: service.spec.ports[0]?.name,
        scheme: 'https',
        path: '/metrics',
        tlsConfig: { serverName: 'auth.example.com', ca: { secret: { name: 'tessera-tls', key: 'ca.crt' } } },
        oauth2: expect.objectContaining({ tokenUrl: 'https://auth.example.com/oauth/as/token.oauth2' }),
        relabelings: [{ targetLabel: 'job', replacement: 'tessera' }],
      }),
    ])
  })

  test('the alerts and the dashboard are those of deploy/', () => {
    const { spec } = manifestOf<Manifest<{ spec: unknown }>>(of('everything'), 'PrometheusRule')
    expect(spec).toEqual(parse(readFileSync('deploy/alerts.yml', 'utf8')))
    const { data } = manifestOf<ConfigMap>(of('everything'), 'ConfigMap', 'auth-dashboard')
    expect(`${data['tessera.json']}\n`).toBe(readFileSync('deploy/grafana-dashboard.json', 'utf8'))
  })

  test('the admin listener is open to the chosen namespaces only', () => {
    const rulesOf = (name: string) => manifestOf<NetworkPolicy>(of(name), 'NetworkPolicy').spec.ingress
    expect(rulesOf('sqlite')).toEqual([{ ports: [{ port: 'runtime', protocol: 'TCP' }] }])
    const monitoring = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }
    expect(rulesOf('everything')[1]).toEqual({ ports: [{ port: 'admin', protocol: 'TCP' }], from: [monitoring] })
  })

  test('a change of the configuration restarts the pods', () => {
    const sums = accepted.map(
      (name) => manifestOf<Deployment>(of(name), 'Deployment').spec.template.metadata.annotations['checksum/config'],
    )
    expect(new Set(sums).size).toBe(accepted.length)
  })

  test('everything has one of each kind, and no Secret', () => {
    const kinds = new Set(manifestsOf(of('everything')).map(({ kind }) => kind))
    expect([...kinds].sort()).toEqual([
      'ConfigMap',
      'Deployment',
      'HorizontalPodAutoscaler',
      'Job',
      'NetworkPolicy',
      'PodDisruptionBudget',
      'PrometheusRule',
      'Service',
      'ServiceAccount',
      'ServiceMonitor',
    ])
  })

  test('the plain manifests are those of their values (vitest -u renders them anew)', async () => {
    const { files, ...rest } = of('plain')
    expect(rest).toEqual({ lint: [], mistakes: [] })
    const texts = Object.entries(files)
      .filter(([name]) => name.endsWith('.yaml'))
      .sort()
      // Helm does not manage them.
      .map(([, text]) => text.replaceAll(/^ +(?:app\.kubernetes\.io\/managed-by|helm\.sh\/chart): .*\n/gm, ''))
      .map((text) => text.trim().replace(/^---\n/, ''))
    const head =
      '# Rendered from the chart in ../chart with values.yaml. test/deploy/kubernetes.test.ts compares it.\n---\n'
    await expect(`${head}${texts.join('\n---\n')}\n`).toMatchFileSnapshot(`../../${PLAIN}/tessera.yaml`)
  })
})

test('the chart has the version of the program', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  expect(parse(readFileSync(`${CHART}/Chart.yaml`, 'utf8'))).toMatchObject({ version, appVersion: version })
})

function containerIn(rendered: Rendered) {
  const [container] = manifestOf<Deployment>(rendered, 'Deployment').spec.template.spec.containers
  if (container === undefined) throw new Error('the pod has no container')
  return container
}
