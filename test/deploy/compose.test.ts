import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { readOptions } from '../../src/config/load.ts'
import { examineConfig } from '../../src/config/resolve.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { commandsOf } from '../harness/program.ts'
import { LONGEST_BUILD, runGo, whyNoGo } from './go.ts'

const FOLDER = 'deploy/compose'

interface Service {
  readonly environment: Readonly<Record<string, string>>
  readonly networks: Readonly<Record<string, unknown>>
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly user?: string
  readonly healthcheck?: { readonly test: readonly string[] }
  readonly stop_grace_period?: string
  readonly secrets?: readonly { readonly source: string; readonly target: string }[]
  readonly volumes?: readonly { readonly type: string; readonly source: string; readonly target: string }[]
  readonly ports?: readonly { readonly host_ip?: string; readonly target: number; readonly published: string }[]
}

interface Project {
  readonly services: Readonly<Record<'tessera' | 'postgres' | 'prometheus' | 'grafana', Service>>
  readonly secrets: Readonly<Record<string, { readonly file: string }>>
}

/** The variables that .env gives. */
const variablesIn = (file: string): Readonly<Record<string, string>> =>
  Object.fromEntries([...readFileSync(file, 'utf8').matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]))

const missing = await whyNoGo()

describe.skipIf(missing !== undefined)(
  missing === undefined ? 'the compose file' : `the compose file (skipped: ${missing})`,
  () => {
    let project: Project
    beforeAll(async () => {
      const env = variablesIn(`${FOLDER}/.env.example`)
      project = JSON.parse(await runGo('compose', [`../../../${FOLDER}/compose.yaml`], { env }))
    }, LONGEST_BUILD)

    test('needs the image and the host', async () => {
      await expect(runGo('compose', [`../../../${FOLDER}/compose.yaml`], {})).rejects.toThrow(/in the file \.env/)
    })

    test('gives every container as few rights as it can', () => {
      expect(Object.keys(project.services).sort()).toEqual(['grafana', 'postgres', 'prometheus', 'tessera'])
      for (const [name, service] of Object.entries(project.services)) {
        expect({ name, ...service }).toMatchObject({
          read_only: true,
          cap_drop: ['ALL'],
          security_opt: ['no-new-privileges:true'],
          healthcheck: { test: expect.arrayContaining(['CMD']) },
        })
      }
      expect(project.services.tessera.user).toBe('65532:65532')
    })

    test('mounts only files that exist', () => {
      const mounts = Object.values(project.services).flatMap(({ volumes = [] }) => volumes)
      const sources = mounts.filter(({ type }) => type === 'bind').map(({ source }) => source)
      expect(sources).toHaveLength(5)
      expect(sources.filter((source) => !existsSync(source))).toEqual([])
    })

    test('opens to other machines the OAuth endpoints only', () => {
      const ports = Object.values(project.services).flatMap((service) => service.ports ?? [])
      expect(ports.filter(({ host_ip }) => host_ip !== '127.0.0.1').map(({ target }) => target)).toEqual([9031])
    })

    test('asks the server for its health with a command that it has', () => {
      const [, program, ...words] = project.services.tessera.healthcheck?.test ?? []
      expect(program).toBe('tessera')
      expect([...commandsOf().keys()]).toContain(words.join(' '))
    })

    test('has Prometheus ask the admin listener, over a network of both', () => {
      const { tessera, prometheus } = project.services
      const { rule_files, scrape_configs } = parse(readFileSync(`${FOLDER}/prometheus.yml`, 'utf8'))
      const options = readOptions({ env: tessera.environment }).options
      expect(scrape_configs).toMatchObject([
        { job_name: 'tessera', scheme: 'https', static_configs: [{ targets: [`tessera:${options.admin.port}`] }] },
      ])
      expect(options.admin).toMatchObject({ host: '0.0.0.0', metrics: 'open' })
      expect(Object.keys(prometheus.networks)).toEqual(
        Object.keys(tessera.networks).filter((one) => one === 'monitoring'),
      )
      const mounted = [...(prometheus.volumes ?? []), ...(prometheus.secrets ?? [])].map(({ target }) => target)
      expect(mounted).toEqual(
        expect.arrayContaining([
          ...rule_files.map((file: string) => `/etc/prometheus/${file}`),
          scrape_configs[0].tls_config.ca_file,
        ]),
      )
    })

    test('gives Grafana the dashboard and Prometheus', () => {
      const targets = project.services.grafana.volumes?.map(({ target }) => target) ?? []
      const { providers } = parse(readFileSync(`${FOLDER}/grafana/dashboards.yml`, 'utf8'))
      expect(targets).toContain(`${providers[0].options.path}/tessera.json`)
      const { datasources } = parse(readFileSync(`${FOLDER}/grafana/datasources.yml`, 'utf8'))
      expect(datasources).toMatchObject([{ type: 'prometheus', url: 'http://prometheus:9090' }])
    })

    const isRoot = process.getuid?.() === 0
    describe.skipIf(!isRoot)(isRoot ? 'with the secrets of setup.sh' : 'with its secrets (skipped: needs root)', () => {
      let folder: string
      const setUp = () => execFileSync('sh', [join(folder, 'setup.sh'), 'auth.example.com'], { encoding: 'utf8' })

      beforeAll(() => {
        folder = mkdtempSync(join(tmpdir(), 'tessera-compose-'))
        copyFileSync(`${FOLDER}/setup.sh`, join(folder, 'setup.sh'))
        setUp()
      })
      afterAll(() => rmSync(folder, { recursive: true, force: true }))

      test('has every secret, and makes none twice', () => {
        const before = readFileSync(join(folder, 'secrets/master-key'), 'utf8')
        expect(setUp()).toBe('')
        expect(readFileSync(join(folder, 'secrets/master-key'), 'utf8')).toBe(before)
        const names = Object.values(project.secrets).map(({ file }) => file.slice(file.indexOf('secrets/')))
        expect(names.filter((name) => !existsSync(join(folder, name)))).toEqual([])
      })

      test('has a configuration that the server accepts, in files that its user owns', () => {
        const { environment, secrets = [] } = project.services.tessera
        for (const { source } of secrets) expect(statSync(join(folder, 'secrets', source)).uid).toBe(65532)
        const env = Object.entries(environment).map(([name, value]) => [
          name,
          value.replace('/run/secrets', join(folder, 'secrets')),
        ])
        const { mistakes, warnings } = examineConfig(readOptions({ env: Object.fromEntries(env) }), systemClock)
        expect({ mistakes, warnings }).toEqual({ mistakes: [], warnings: [] })
        expect(secrets.map(({ target }) => target).sort()).toEqual(
          Object.values(environment)
            .filter((value) => value.startsWith('/run/secrets/'))
            .sort(),
        )
      })
    })
  },
)
