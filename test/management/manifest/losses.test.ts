import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { apply } from '../../../src/cli/apply.ts'
import { clientsEnable, clientsShow } from '../../../src/cli/clients.ts'
import { credentialsRemove } from '../../../src/cli/credentials.ts'
import { CredentialId } from '../../../src/oauth/ids.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { migrateDatabase, openStore } from '../../../src/store/open.ts'
import { runCommand } from '../../harness/command.ts'
import { newSecret } from '../../harness/model.ts'
import { testConfig } from '../../harness/server.ts'
import { newJwk } from '../../harness/source.ts'

let folder: string
let env: Record<string, string>
beforeEach(async () => {
  const made = await testConfig()
  folder = made.folder
  await migrateDatabase(made.config.storage, systemClock)
  env = { TESSERA_STORAGE: made.config.storage, TESSERA_MASTER_KEY: made.config.masterKey.toString('base64') }
})
afterEach(() => rmSync(folder, { recursive: true }))

async function applied(manifest: string, options: { dryRun?: true; json?: true } = {}) {
  const file = join(folder, 'manifest.yaml')
  writeFileSync(file, manifest)
  const { error, ...printed } = await runCommand(env, () =>
    apply({ file, secretsTo: 'stdout', allowDestroy: true, ...options }),
  )
  expect(error).toBeUndefined()
  return printed
}

/** The lines that announce losses. They are the same in a dry run and when the manifest is applied. */
async function lossesOf(before: string, after: string): Promise<readonly string[]> {
  await applied(before)
  const lines = ({ stdout }: { stdout: string }) => stdout.split('\n').filter((line) => /^[-!]/.test(line))
  const planned = lines(await applied(after, { dryRun: true }))
  expect(lines(await applied(after))).toEqual(planned)
  expect(lines(await applied(after))).toEqual([])
  return planned
}

const API = (...scopes: readonly string[]) =>
  `apis: [{ audience: "https://api.example.com", scopes: [${scopes.map((scope) => `{ ${scope} }`).join(', ')}] }]\n`
const SCOPES = API('name: edit', 'name: read')
const job = (...credentials: readonly string[]) =>
  `${SCOPES}clients: [{ client_id: job, scopes: [edit], credentials: [${credentials.join(', ')}] }]`

const SECRET = newSecret()
const OTHER = newSecret()
const KEYS = `jwks: { keys: [${JSON.stringify(newJwk('k'))}] }`

describe('a plan names the credentials that end, and the times', () => {
  test.each<[string, string, string, readonly string[]]>([
    [
      'a credential that is left out',
      job(`{ label: a, secret: ${SECRET} }`),
      job(),
      ['- credential a of job: ends now (never used)'],
    ],
    [
      'another label for a generated secret',
      job('{ label: current }'),
      job('{ label: primary }'),
      ['- credential current of job: ends now (never used)'],
    ],
    [
      'another secret',
      job(`{ label: a, secret: ${SECRET} }`),
      job(`{ label: a, secret: ${OTHER} }`),
      ['- credential a of job: ends now (never used)'],
    ],
    [
      'another kind',
      job(`{ label: a, secret: ${SECRET} }`),
      job(`{ label: a, ${KEYS} }`),
      ['- credential a of job: ends now (never used)'],
    ],
    [
      'a new end',
      job(`{ label: a, secret: ${SECRET} }`),
      job(`{ label: a, secret: ${SECRET}, expires: 2090-01-01T00:00:00Z }`),
      ['- credential a of job: ends 2090-01-01T00:00:00.000Z (never used)'],
    ],
    [
      'an earlier end',
      job(`{ label: a, secret: ${SECRET}, expires: 2091-01-01T00:00:00Z }`),
      job(`{ label: a, secret: ${SECRET}, expires: 2090-01-01T00:00:00Z }`),
      ['- credential a of job: ends 2090-01-01T00:00:00.000Z (never used)'],
    ],
    [
      'an end in the past',
      job(`{ label: a, secret: ${SECRET} }`),
      job(`{ label: a, secret: ${SECRET}, expires: 2020-01-01T00:00:00Z }`),
      ['- credential a of job: ends now (never used)'],
    ],
    ['a later end', job(`{ secret: ${SECRET}, expires: 2090-01-01T00:00:00Z }`), job(`{ secret: ${SECRET} }`), []],
    [
      'a credential that has already ended',
      job(`{ label: a, secret: ${SECRET}, expires: 2020-01-01T00:00:00Z }`),
      job(),
      [],
    ],
    [
      'another label for the same secret',
      job(`{ label: a, secret: ${SECRET} }`),
      job(`{ label: b, secret: ${SECRET} }`),
      [],
    ],
    ['another label for a chosen secret', job('{ label: a, secret: chosen }'), job('{ label: b, secret: chosen }'), []],
    ['another label for the same keys', job(`{ label: a, ${KEYS} }`), job(`{ label: b, ${KEYS} }`), []],
    [
      'the same secret, now retrievable',
      job(`{ label: a, secret: ${SECRET} }`),
      job(`{ label: a, secret: ${SECRET}, retrievable: true }`),
      [],
    ],
  ])('%s', async (_name, before, after, lines) => {
    expect(await lossesOf(before, after)).toEqual(lines)
  })

  test('with their last use, in JSON too', async () => {
    await applied(job('{ label: a }'))
    const store = await openStore(env['TESSERA_STORAGE'] ?? '', systemClock)
    const { stdout } = await runCommand(env, () => clientsShow('job', {}))
    const id = (JSON.parse(stdout) as { credentials: { id: string }[] }).credentials[0]?.id ?? ''
    await store.credentials.noteUses([{ id: CredentialId(id), at: Date.UTC(2026, 0, 2, 3, 4) }])
    await store.close()
    expect((await applied(job(), { dryRun: true })).stdout).toContain(
      '- credential a of job: ends now (last used 2026-01-02T03:04:00.000Z)\n',
    )
    expect(JSON.parse((await applied(job(), { json: true })).stdout)).toMatchObject({
      losses: [
        {
          kind: 'credential',
          client_id: 'job',
          credential: id,
          label: 'a',
          ends: 'now',
          last_used: '2026-01-02T03:04:00.000Z',
          destructive: true,
        },
      ],
    })
  })
})

describe('a plan names the clients that lose a scope', () => {
  const clients = (...lines: readonly string[]) => `clients:\n${lines.map((line) => `  - { ${line} }`).join('\n')}`
  const EDIT = 'scope edit at https://api.example.com'

  test.each<[string, string, string, readonly string[]]>([
    [
      'a scope taken from an API',
      `${SCOPES}${clients('client_id: a, scopes: [edit]', 'client_id: b, scopes: [edit, read]', 'client_id: c, scopes: [read]')}`,
      API('name: read'),
      [`- ${EDIT}: 2 clients can't have it any more (a, b; never used)`],
    ],
    [
      'a scope of only one client',
      `${SCOPES}${clients('client_id: a, scopes: [edit]')}`,
      API('name: read'),
      [`- ${EDIT}: 1 client can't have it any more (a; never used)`],
    ],
    [
      'replaced by another',
      `${SCOPES}${clients('client_id: a, scopes: [edit]')}`,
      API('name: write', 'name: read'),
      [`- ${EDIT}: 1 client can't have it any more (a; never used)`],
    ],
    ['a scope of no client', `${SCOPES}${clients('client_id: a, scopes: [edit]')}`, API('name: edit'), []],
    [
      'a common scope that is common no more',
      `${API('name: edit, common: true')}${clients('client_id: a', 'client_id: b, scopes: [edit]', 'client_id: c, restrict_scopes: true')}`,
      API('name: edit'),
      [`- ${EDIT}: 1 client can't have it any more (a; never used)`],
    ],
    [
      'a scope that a group no longer includes',
      `${API('name: edit', 'name: read', 'name: all, includes: [edit, read]')}${clients('client_id: a, scopes: [all]')}`,
      API('name: edit', 'name: read', 'name: all, includes: [read]'),
      [`- ${EDIT}: 1 client can't have it any more (a; never used)`],
    ],
    [
      'a wildcard, and single values of it',
      `${API('name: "move:*"')}${clients('client_id: a, scopes: ["move:*"]', 'client_id: b, scopes: ["move:1"]')}`,
      API('name: edit'),
      [
        "- scope move:* at https://api.example.com: 1 client can't have it any more (a; never used)",
        "- scope move:1 at https://api.example.com: 1 client can't have it any more (b; never used)",
      ],
    ],
    [
      'a scope taken from a client',
      `${SCOPES}${clients('client_id: a, scopes: [edit, read]')}`,
      clients('client_id: a, scopes: [read]'),
      [`- ${EDIT}: a can't have it any more`],
    ],
    [
      'a scope taken from a client together with the common ones',
      `${API('name: edit, common: true')}${clients('client_id: a')}`,
      clients('client_id: a, restrict_scopes: true'),
      [`- ${EDIT}: a can't have it any more`],
    ],
    [
      'a scope that gets another description, among others',
      `${SCOPES}${clients('client_id: a, scopes: [edit]')}`,
      API('name: edit, description: Edit', 'name: read', 'name: more'),
      [],
    ],
  ])('%s', async (_name, before, after, lines) => {
    expect(await lossesOf(before, after)).toEqual(lines)
  })

  test('and reads all clients, in several pages', async () => {
    const many = Array.from({ length: 1_201 }, (_, at) => `client_id: c${at}, scopes: [edit]`)
    await applied(`${SCOPES}${clients(...many)}`)
    const { stdout } = await applied(API('name: read'), { json: true })
    expect(JSON.parse(stdout)).toMatchObject({
      losses: [{ kind: 'scope', audience: 'https://api.example.com', scope: 'edit', clients: 1_201 }],
    })
  })
})

describe('a plan names the former owner of a client or an API', () => {
  const owned = (owner: string) => `clients: [{ client_id: a${owner} }]`
  test.each<[string, string, string, readonly string[]]>([
    [
      'another owner',
      owned(', owner: team-a'),
      owned(', owner: team-b'),
      ['! client a: passes from "team-a" to "team-b"'],
    ],
    ['an owner who is removed', owned(', owner: team-a'), owned(''), ['! client a: passes from "team-a" to nobody']],
    ['the first', owned(''), owned(', owner: team-a'), []],
    [
      'another owner of an API',
      API('name: edit').replace('scopes', 'owner: team-a, scopes'),
      API('name: edit').replace('scopes', 'owner: team-b, scopes'),
      ['! api https://api.example.com: passes from "team-a" to "team-b"'],
    ],
    [
      'an API that loses its owner',
      API('name: edit').replace('scopes', 'owner: team-b, scopes'),
      API('name: edit'),
      ['! api https://api.example.com: passes from "team-b" to nobody'],
    ],
  ])('%s', async (_name, before, after, lines) => {
    expect(await lossesOf(before, after)).toEqual(lines)
  })
})

describe('a client that an operator disabled', () => {
  const manifest = (more: string) => `clients: [{ client_id: a${more} }]`
  const enable = (enabled: boolean) => runCommand(env, () => clientsEnable('a', enabled, { yes: true }))
  const show = async () => JSON.parse((await runCommand(env, () => clientsShow('a', {}))).stdout)

  test.each([
    ['doesn’t mention it', ''],
    ['calls it enabled', ', enabled: true'],
    ['changes something else', ', name: Another'],
  ])('stays disabled when a manifest %s, and the plan says so', async (_name, more) => {
    await applied(manifest(''))
    await enable(false)
    const { disabled_at: since } = await show()
    for (const _ of [1, 2]) {
      const { stdout, stderr } = await applied(manifest(more))
      expect(stdout).not.toContain('enabled')
      expect(stderr).toBe(
        `warning: ${join(folder, 'manifest.yaml')}:1:11: clients[0]: "a" stays disabled: a command disabled it on ${since}, and \`tessera clients enable\` undoes that\n`,
      )
      expect(await show()).toMatchObject({ enabled: false, disabled_at: since })
    }
  })

  test('belongs to the manifest again once a command enabled it', async () => {
    await applied(manifest(''))
    await enable(false)
    await enable(true)
    expect(await show()).toMatchObject({ enabled: true })
    expect(await show()).not.toHaveProperty('disabled_at')
    expect((await applied(manifest(', enabled: false'))).stdout).toContain(
      '- client a: is disabled, and introspection reports its tokens as inactive, for good\n',
    )
    expect(await applied(manifest(''))).toEqual({
      stdout: '~ client a: enabled\n    enabled: false → true\n0 created, 1 updated, 0 unchanged\n',
      stderr: '',
    })
  })

  test('stays so, whatever the manifest said before and says now', async () => {
    await applied(manifest(', enabled: false'))
    await enable(false)
    expect((await applied(manifest(', enabled: false'))).stderr).toBe('')
    expect((await applied(manifest(''))).stderr).toContain('"a" stays disabled')
    expect(await show()).toMatchObject({ enabled: false })
  })

  test('and credentials that an operator removed are remembered side by side', async () => {
    await applied('clients: [{ client_id: a, credentials: [{ label: x }] }]')
    await enable(false)
    await runCommand(env, () => credentialsRemove('a', 'x', { yes: true }))
    expect(await show()).toMatchObject({
      disabled_at: expect.any(String),
      removed_credentials: [{ kind: 'secret', label: 'x', removed: expect.any(String) }],
    })
    await enable(true)
    const { stderr } = await applied('clients: [{ client_id: a, credentials: [{ label: x }] }]')
    expect(stderr).toContain('was removed by a command on')
    expect(await show()).toMatchObject({ enabled: true, credentials: [] })
  })
})
