import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { parseManifest } from '../../../../src/management/manifest/reading/parse.ts'
import { runTessera } from '../../../harness/program.ts'
import { type AnyManifest, anyManifest } from './manifests.ts'

let folder: string
let databases = 0
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-round-trip-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

type Env = Readonly<Record<string, string>>

function emptyDatabase(): Env {
  databases += 1
  const path = join(folder, `${databases}.db`)
  copyFileSync(inject('emptyDatabase'), path)
  return { TESSERA_STORAGE: `sqlite:${path}`, TESSERA_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') }
}

async function run(args: readonly string[], env: Env, input = ''): Promise<string> {
  const { code, stdout, stderr } = await runTessera(args, env, input)
  if (code !== 0) throw new Error(`tessera ${args.join(' ')}: ${stderr}\n${input}`)
  return stdout
}

/** YAML allows no DEL, which JSON does. */
const inJson = (manifest: AnyManifest): string => JSON.stringify(manifest).replaceAll('\u007f', '\\u007f')
const exportOf = (env: Env): Promise<string> => run(['export'], env)
const apply = async (env: Env, manifest: string) =>
  JSON.parse(await run(['apply', '-f', '-', '--json', '--secrets-to', 'stdout'], env, manifest))
const withoutComments = (text: string): string => text.replaceAll(/^ *#.*\n/gm, '')

/** The variables that an export names, with the secrets that the manifest gave. */
function secretsFor(text: string, { clients }: AnyManifest): Env {
  const named = parseManifest('export.yaml', text).manifest.clients.flatMap(({ client_id: id, credentials }) =>
    credentials.flatMap(({ label, secret_env: name }) => {
      const client = clients.find((one) => one.client_id === id)
      const secret = client?.credentials.find((one) => (one.label ?? '') === label)?.secret
      return name === undefined || secret === undefined ? [] : [[name, secret] as const]
    }),
  )
  const all = Object.fromEntries(named)
  expect(Object.keys(all)).toHaveLength(named.length)
  return all
}

test('an export applies back to the same state, on the same database and on an empty one', async () => {
  await fc.assert(
    fc.asyncProperty(anyManifest, async (manifest) => {
      const here = emptyDatabase()
      await apply(here, inJson(manifest))
      const text = await exportOf(here)
      const secrets = secretsFor(text, manifest)
      const again = await apply({ ...here, ...secrets }, text)
      expect(again.steps.filter(({ action }: { action: string }) => action !== 'unchanged')).toEqual([])
      const there = emptyDatabase()
      await apply({ ...there, ...secrets }, text)
      expect(await exportOf(there)).toBe(text)
    }),
    { numRuns: 12, endOnFailure: true },
  )
})

/** Commands on each credential, in turn. */
const COMMANDS = ['rotate', 'revoke', 'remove'] as const

async function afterCommands(manifest: AnyManifest): Promise<Env> {
  const env = emptyDatabase()
  await apply(env, inJson(manifest))
  for (const { client_id: id, credentials } of manifest.clients) {
    await run(['credentials', 'add', '--secrets-to', 'stdout', '--label', 'by command', '--', id], env)
    for (const [at, { label = '' }] of credentials.entries()) {
      if (label === '') continue
      const command = COMMANDS[at % COMMANDS.length] ?? 'rotate'
      // Some were over, or are of a kind without generated successors.
      await runTessera(
        ['credentials', command, ...(command === 'rotate' ? ['--secrets-to', 'stdout'] : ['--yes']), '--', id, label],
        env,
      )
    }
  }
  const [first] = manifest.clients
  if (first !== undefined) await run(['clients', 'disable', '--yes', '--', first.client_id], env)
  return env
}

test('an export after commands makes the same elsewhere, except for the comments', async () => {
  await fc.assert(
    fc.asyncProperty(anyManifest, async (manifest) => {
      const text = await exportOf(await afterCommands(manifest))
      const there = { ...emptyDatabase(), ...secretsFor(text, manifest) }
      await apply(there, text)
      expect(withoutComments(await exportOf(there))).toBe(withoutComments(text))
    }),
    { numRuns: 6, endOnFailure: true },
  )
})

/** The steps of a plan that change something. */
async function changesOfExport(here: Env, manifest: AnyManifest): Promise<readonly unknown[]> {
  const text = await exportOf(here)
  const { steps } = await apply({ ...here, ...secretsFor(text, manifest) }, text)
  return steps.filter(({ action }: { action: string }) => action !== 'unchanged')
}

test('an export after commands changes nothing on the same database', async () => {
  await fc.assert(
    fc.asyncProperty(anyManifest, async (manifest) => {
      const here = await afterCommands(manifest)
      expect(await changesOfExport(here, manifest)).toEqual([])
    }),
    { numRuns: 6, endOnFailure: true },
  )
})
