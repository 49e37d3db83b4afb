import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { permissionNames } from '../../src/management/authority/permissions.ts'
import { version } from '../../src/platform/version.ts'
import { administrator, type CallAdmin, callsAs } from '../harness/admin.ts'
import { startTestServer, type TestServer } from '../harness/server.ts'
import { github, gitlab, gitlabJobOf, makeRunner, type Platform, workflowOf } from './ci-platforms.ts'
import { type Issuer, startIssuer } from './issuer.ts'

const MANIFEST = readFileSync('examples/manifest.yaml', 'utf8')
const jobs = ['plan', 'apply'] as const

describe.each([
  ['GitHub', github],
  ['GitLab', gitlab],
] as const)('the pipeline of %s', (_name, platformOf) => {
  let issuer: Issuer
  let server: TestServer
  let folder: string
  let platform: Platform
  let vault: () => string
  let root: CallAdmin
  beforeAll(async () => {
    issuer = await startIssuer()
    server = await startTestServer({
      options: issuer.options,
      manifest: `clients:${administrator('root', permissionNames)}`,
    })
    const clients = readFileSync('examples/ci/clients.yaml', 'utf8')
      .replaceAll('https://token.actions.githubusercontent.com', issuer.url)
      .replaceAll('https://gitlab.com', issuer.url)
      .replaceAll('https://auth.example.com', server.issuer)
    await server.apply(clients)
    folder = mkdtempSync(join(tmpdir(), 'tessera-ci-'))
    vault = makeRunner(folder).vault
    const repository = join(folder, 'repository')
    mkdirSync(join(repository, 'access'), { recursive: true })
    mkdirSync(join(repository, 'ci'))
    copyFileSync('examples/ci/store-secrets.sh', join(repository, 'ci/store-secrets.sh'))
    platform = platformOf({ server, issuer, repository })
    root = await callsAs(server, 'root')
  })
  afterAll(async () => {
    await server.stop()
    await issuer.stop()
    rmSync(folder, { recursive: true })
  })

  const write = (manifest: string) => writeFileSync(join(folder, 'repository/access/main.yaml'), manifest)
  const state = async () => {
    const [apis, clients] = [await root('GET', '/apis'), await root('GET', '/clients')]
    return JSON.stringify([apis.body.items, clients.body.items], (key, value) =>
      key === 'last_used' ? undefined : value,
    )
  }

  test('plans a pull request, and changes nothing', async () => {
    write(MANIFEST)
    const before = await state()
    const { code, output, shown } = await platform.run('plan', 'pull request')
    expect({ code, output }).toMatchObject({ code: 0 })
    expect(shown).toContain('+ client nightly\n')
    expect(await state()).toBe(before)
  })

  test('refuses a pull request with a mistake, at its place', async () => {
    write(MANIFEST.replace('lifetime: 600', 'lifetime: soon'))
    const { code, output } = await platform.run('plan', 'pull request')
    expect({ code, output }).toMatchObject({
      code: 1,
      output: expect.stringMatching(/access\/main\.yaml:\d+:\d+: apis/),
    })
  })

  test('refuses a pull request that does not fit the server, though it is valid', async () => {
    write('clients: [{ client_id: batch, scopes: [nothing] }]')
    const { code, output } = await platform.run('plan', 'pull request')
    expect({ code, output }).toMatchObject({ code: 1, output: expect.stringContaining('no API has the scope') })
  })

  test('refuses a pull request whose plan could not be made', async () => {
    write(MANIFEST)
    const wrong = (await readPlanStep(platform)).replace(
      '--detailed-exitcode',
      '--detailed-exitcode --profile nobody/x',
    )
    expect(await platform.run('plan', 'pull request', wrong)).toMatchObject({
      code: 1,
      output: expect.stringContaining('the name of a profile'),
    })
  })

  test('gives a pull request no token that applies, whatever its commands are', async () => {
    write(MANIFEST)
    const before = await state()
    const applied = await platform.run('plan', 'pull request', 'tessera apply -f access --secrets-to file:stolen')
    expect(applied).toMatchObject({ code: 4, output: expect.stringContaining('plans:write') })
    const { code, output } = await platform.run('apply', 'pull request')
    expect({ code, output }).toMatchObject({ code: 4, output: expect.stringContaining('invalid_client') })
    expect(await state()).toBe(before)
  })

  test('applies main, keeps the secrets, and changes nothing the second time', async () => {
    write(MANIFEST)
    const first = await platform.run('apply', 'push')
    expect(first).toMatchObject({ code: 0, output: expect.stringContaining('5 created, 0 updated, 0 unchanged') })
    expect(first.output).not.toContain('tss_')
    const kept = vault()
    expect(kept).toMatch(/^kv put -mount=secret tessera\/nightly\/current -\n\{.*"secret":"tss_\w+"\}\n/m)
    expect(kept).toMatch(/^kv put -mount=secret tessera\/payments-api\/current -$/m)
    const second = await platform.run('apply', 'push')
    expect(second).toMatchObject({ code: 0, output: expect.stringContaining('0 created, 0 updated, 5 unchanged') })
    expect(vault()).toBe(kept)
    expect(await platform.run('plan', 'pull request')).toMatchObject({ code: 0 })
  })

  test('shows what a change would destroy, and refuses to apply it', async () => {
    write(MANIFEST.replace('"orders:export", "transfer:*"', '"transfer:*"'))
    const before = await state()
    const planned = await platform.run('plan', 'pull request')
    expect(planned).toMatchObject({ code: 0, shown: expect.stringContaining('orders:export') })
    const applied = await platform.run('apply', 'push')
    expect(applied).toMatchObject({ code: 4, output: expect.stringContaining('Give --allow-destroy if that is meant') })
    expect(await state()).toBe(before)
  })

  test('names exact versions, and this version of Tessera', () => {
    for (const text of jobs.map((job) => platform.textOf(job))) {
      expect([...text.matchAll(/tessera-as@(\S+)/g)].map(([, used]) => used)).toEqual([version])
      for (const [, action = ''] of text.matchAll(/uses: (.*)/g))
        expect(action).toMatch(/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
      expect(text).toMatch(/(node-version: "|image: node:)\d+\.\d+\.\d+"?$/m)
    }
  })
})

/** The last command of the job that plans, as it stands in the pipeline. */
async function readPlanStep({ textOf }: Platform): Promise<string> {
  const isGithub = textOf('plan').includes('uses:')
  const steps = isGithub
    ? (workflowOf('plan').jobs['plan']?.steps ?? []).map(({ run }) => run ?? '')
    : gitlabJobOf('plan').script
  return isGithub ? (steps.at(-1) ?? '') : steps.join('\n')
}

test('two applications never overlap, and each needs an approval', () => {
  const { concurrency, jobs: all } = workflowOf('apply')
  expect(concurrency).toEqual({ group: 'apply-access', 'cancel-in-progress': false })
  expect(all['apply']?.environment).toBe('production')
  expect(gitlabJobOf('apply')).toMatchObject({
    resource_group: 'production',
    environment: 'production',
    rules: [{ when: 'manual' }],
  })
})
