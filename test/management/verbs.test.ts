import { globSync, readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { StoredAuditEvent } from '../../src/audit/store.ts'
import { UserError } from '../../src/platform/user-error.ts'
import { ALICE } from '../harness/management.ts'
import type { Rows } from '../harness/rows.ts'
import { takeOverSqlite } from '../harness/sqlite-calls.ts'
import { differing, FIRST_SECRET, GIVEN_SECRET, makeModel, modelIn, type Setting, type TestContext } from './setting.ts'
import { type Verb, verbs } from './verbs.ts'

/** Files that export no verb: shared parts, and the parser of manifests. */
const PARTS = [
  'context',
  ...[
    'defaults',
    'document',
    'json-schema',
    'names',
    'parse',
    'parse-aside',
    'parse-queue',
    'parse-thread',
    'schema',
    'test-schema',
    'trust-file',
  ].map((name) => `manifest/reading/${name}`),
  ...['credentials', 'exported', 'variable-name'].map((name) => `manifest/exporting/${name}`),
  ...['find', 'look', 'read', 'secrets'].map((name) => `manifest/files/${name}`),
  ...['judge', 'names', 'request', 'results-body', 'run', 'state'].map((name) => `manifest/tests/${name}`),
  ...[
    'absent',
    'account-rights',
    'admin-api',
    'all-apis',
    'api-rights',
    'authority',
    'missing',
    'client-rights',
    'group-rights',
    'owner-rights',
    'permissions',
    'referable',
    'subject-rights',
  ].map((name) => `authority/${name}`),
  'settings/until-committed',
  'credentials/proof',
  'extent',
  'fields',
  'last-issue',
  'ownership',
  'visible',
  'apis/find-clients',
  'apis/last-uses',
  'apis/without-api',
  'stated-reason',
  ...['checkpoints', 'faults', 'key-event', 'points', 'removed'].map((name) => `audit/${name}`),
  'clients/change',
  'credentials/change',
  'credentials/find',
  'credentials/labels',
  'credentials/make',
  'keys/context',
  'keys/master-key-event',
  'keys/plan-repair',
  ...[
    'affected',
    'check',
    'credentials',
    'field-changes',
    'group-changes',
    'losses',
    'new-secrets',
    'plan',
    'plan-body',
    'plan-client',
    'plan-manifest',
    'planned-owner',
    'refused',
    'renames',
    'secret-source',
    'validate',
  ].map((name) => `manifest/${name}`),
  ...[
    'access',
    'actions',
    'advice',
    'assertions',
    'authentication',
    'case',
    'commands',
    'credentials',
    'requests',
    'secrets',
    'server',
    'table',
  ].map((name) => `explanations/advice/${name}`),
  ...['explanation', 'find-case', 'reference', 'steps', 'unrecorded'].map((name) => `explanations/${name}`),
  // They need a server: test/admin/operations tries them.
  ...[
    'compare-token',
    'inspect-token',
    'match-token',
    'readable',
    'request-message',
    'request-token',
    'sample-token',
  ].map((name) => `lab/${name}`),
  // They read no store.
  'tokens/decode',
  'tokens/verify',
  'usage/totals',
  'usage/addresses',
  'usage/recent',
  'usage/window',
  ...['api', 'client', 'credential', 'group', 'values', 'without-defaults'].map((name) => `schemas/${name}`),
]
/** The methods of stores that write. */
const WRITES =
  /^(append(Change)?|commit|delete(Api|Client)|update(Client|Credentials|Group|Keys)|replace(MasterKey|Encrypted|Retrievable)|forgetRetrievable|addRevocations|noteLifetime|addKey|addCheckpoint|replaceEncryptedKey)$/

describe('the table of verbs', () => {
  test('has every file of src/management except the shared parts', () => {
    const files = globSync('src/management/**/*.ts').map((path) => path.slice('src/management/'.length, -'.ts'.length))
    const known = [...Object.keys(verbs).map((name) => name.replace(/,.*/, '')), ...PARTS]
    expect(files.sort()).toEqual([...new Set(known)].sort())
  })

  test('covers all that commands call: no command writes to a store or makes an event', () => {
    for (const path of globSync('src/cli/**/*.ts')) {
      const text = readFileSync(path, 'utf8')
      const calls = [...text.matchAll(/\.(\w+\.\w+)\(/g)].map(([, call = '']) => call)
      expect(
        calls.filter((call) => WRITES.test(call.replace(/.*\./, ''))),
        path,
      ).toEqual([])
      expect(text, path).not.toMatch(/audit\/system-event|recordedBy/)
    }
  })
})

let model: Awaited<ReturnType<typeof makeModel>>
beforeAll(async () => {
  model = await makeModel()
})
afterAll(() => model.remove())

async function open({ prepare }: Verb): Promise<Setting> {
  const setting = await model.copy()
  prepare?.(setting.rows)
  return setting
}

interface Observed {
  readonly model: ReadonlyMap<string, string>
  readonly events: readonly StoredAuditEvent[]
}

const observe = async ({ context, rows }: Setting): Promise<Observed> => ({
  model: modelIn(rows),
  events: await context.store.audit.listEvents({ limit: 1_000 }),
})

/** The names that differ between two observations. Requires that the events between them name the same. */
function changedBetween(before: Observed, after: Observed, what: string): readonly string[] {
  const changed = differing(before.model, after.model)
  const named = after.events
    .slice(before.events.length)
    .flatMap(({ changes }) => changes?.things ?? [])
    .map(({ thing, id }) => (thing === 'master key' ? thing : `${thing} ${id}`))
  expect(changed, what).toEqual([...new Set(named)].sort())
  return changed
}

/** Secrets, hashes and texts that would reveal a secret. */
const secretsIn = (rows: Rows): readonly string[] => [
  FIRST_SECRET,
  GIVEN_SECRET,
  ...rows.all('select data from credential').map(({ data }) => JSON.parse(String(data)).hash as string),
  ...rows
    .all('select encrypted_secret as bytes from credential union all select encrypted_private_key from key')
    .flatMap(({ bytes }) => (bytes === null ? [] : [Buffer.from(bytes as Uint8Array).toString('base64')])),
]

const writing = Object.entries(verbs).filter(([, { events }]) => events.length > 0)

describe('a verb records the actor and the change, and no secret', () => {
  test.each(Object.entries(verbs))('%s', async (_name, verb) => {
    const setting = await open(verb)
    onTestFinished(setting.close)
    const before = await observe(setting)
    const secrets = secretsIn(setting.rows)
    await verb.run(setting.context)
    const after = await observe(setting)
    changedBetween(before, after, 'the things that changed')
    const events = after.events.slice(before.events.length)
    expect(events).toEqual(verb.events.map((event) => expect.objectContaining({ ...event, actor: ALICE })))
    const text = JSON.stringify(events)
    for (const secret of [...secrets, ...secretsIn(setting.rows)]) expect(text).not.toContain(secret)
    expect(text).not.toMatch(/tss_|scrypt|sha256|ciphertext/)
  })
})

describe('a failed call of the database leaves neither a write nor an event', () => {
  let calls: ReturnType<typeof takeOverSqlite>
  beforeAll(() => {
    calls = takeOverSqlite()
  })
  afterAll(() => calls.restore())
  afterEach(() => calls.breaker.heal())

  test.each(Object.entries(verbs))('%s', async (_name, verb) => {
    let setting = await open(verb)
    onTestFinished(() => setting.close())
    for (const how of ['before', 'after'] as const) {
      for (let nth = 1; ; nth += 1) {
        const before = await observe(setting)
        calls.breaker.fail(nth, how)
        const failed = await verb.run(setting.context).then(
          () => false,
          () => true,
        )
        const came = calls.breaker.heal()
        // Even if the answer is lost, a write has its event.
        const changed = changedBetween(before, await observe(setting), `call ${nth} ${how}`)
        expect(failed, `call ${nth} ${how}`).toBe(came)
        if (came && how === 'before' && !verb.isStepwise) expect(changed).toEqual([])
        if (changed.length > 0 || !came) {
          await setting.close()
          setting = await open(verb)
        }
        if (came) continue
        expect(nth).toBeGreaterThan(1)
        break
      }
    }
  })
})

/** A context in which a concurrent change comes before the verb's first write. */
function overtaken(context: TestContext, act: () => Promise<unknown>): TestContext {
  let isOvertaken = false
  const store = Object.fromEntries(
    Object.entries(context.store).map(([name, part]) => [
      name,
      new Proxy(part, {
        get: (target, method) => {
          const member = Reflect.get(target, method)
          if (typeof member !== 'function') return member
          return async (...given: unknown[]) => {
            const isFirst = WRITES.test(String(method)) && !isOvertaken
            isOvertaken ||= isFirst
            if (isFirst) await act()
            return member.apply(target, given)
          }
        },
      }),
    ]),
  )
  return { ...context, store: store as unknown as TestContext['store'] }
}

describe('a concurrent change between read and write is not lost', () => {
  test.each(writing)('%s', async (_name, { rival, ...verb }) => {
    const setting = await open(verb)
    onTestFinished(setting.close)
    if (rival === undefined) throw new Error('a verb that writes needs a rival')
    const before = await observe(setting)
    const error = await verb
      .run(overtaken(setting.context, () => rival.run(setting.context)))
      .then(() => undefined)
      .catch((thrown: unknown) => thrown)
    const after = await observe(setting)
    changedBetween(before, after, 'the things that changed')
    expect(rival.isKept(setting.rows)).toBe(true)
    const types = after.events.slice(before.events.length).map(({ type }) => type)
    if (error !== undefined) expect(error).toBeInstanceOf(UserError)
    else expect(types).toEqual(expect.arrayContaining(verb.events.map(({ type }) => type)))
  })
})
