/** A small model in SQLite. Each test changes a copy of it. */

import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MasterKey } from '../../src/crypto/master-key.ts'
import { rotateAuditKey } from '../../src/management/audit/rotate-key.ts'
import { disableClient } from '../../src/management/clients/disable.ts'
import { addCredential } from '../../src/management/credentials/add.ts'
import { rotateCredential } from '../../src/management/credentials/rotate.ts'
import { putGroup } from '../../src/management/groups/put.ts'
import type { KeyContext } from '../../src/management/keys/context.ts'
import { rotateKeys } from '../../src/management/keys/rotate.ts'
import { type ApplyInput, applyManifest } from '../../src/management/manifest/apply.ts'
import { parseManifest } from '../../src/management/manifest/reading/parse.ts'
import { noSecrets } from '../../src/management/manifest/secret-source.ts'
import { ClientId } from '../../src/oauth/ids.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { openStore } from '../../src/store/open.ts'
import { TEST_SETTINGS } from '../harness/apply-settings.ts'
import { IN_2030, standingClock } from '../harness/clock.ts'
import { contextOf } from '../harness/management.ts'
import { newSecret } from '../harness/model.ts'
import { openRows, type Rows } from '../harness/rows.ts'

export const HOUR = 3_600_000
export const JOB = ClientId('job')
/** A group that owns nothing, whose only member is `JOB`. */
export const TEAM = 'team'
export const OFF = ClientId('off')
const OLD_KEY = Buffer.alloc(32, 1)
const OLD_MASTER = new MasterKey(OLD_KEY, systemRandom)
/** A new master key, given with the current one. */
export const NEW_MASTER = new MasterKey(Buffer.alloc(32, 2), systemRandom, OLD_KEY)
/** A new master key, given alone. */
export const OTHER_MASTER = new MasterKey(Buffer.alloc(32, 3), systemRandom)

export const FIRST_SECRET = newSecret()
export const GIVEN_SECRET = newSecret()

export const MANIFEST = `
apis: [{ audience: "https://api.example.com", scopes: [{ name: edit }, { name: read }] }]
clients:
  - client_id: job
    scopes: [edit]
    credentials: [{ label: first, secret: ${FIRST_SECRET} }, { label: signing, secret: ${newSecret()}, retrievable: true }]
  - { client_id: off, scopes: [edit] }
`

export type TestContext = ReturnType<typeof contextOf> & KeyContext

/** A copy of the model, and commands on it. */
export interface Setting {
  readonly context: TestContext
  readonly rows: Rows
  close(): Promise<void>
}

const POLICY = { rotateEvery: 1_000_000, publishBefore: 1_000, retireAfter: HOUR }

/** Applies a manifest. It may destroy, unless the options say otherwise. */
export const apply = (context: TestContext, manifest: string, options: Partial<ApplyInput> = {}) =>
  applyManifest(context, {
    parsed: parseManifest('test.yaml', manifest),
    source: noSecrets,
    server: TEST_SETTINGS,
    allowDestroy: true,
    dryRun: false,
    ...options,
  })

/** Plans a manifest, and writes nothing. */
export const plan = (context: TestContext, manifest: string) =>
  applyManifest(context, {
    parsed: parseManifest('test.yaml', manifest),
    source: noSecrets,
    dryRun: true,
    server: TEST_SETTINGS,
  })

/** Makes the model once. @returns a function that opens copies of it */
export async function makeModel() {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-management-'))
  const clock = standingClock(IN_2030)
  const open = async (name: string): Promise<Setting> => {
    const storage = `sqlite:${join(folder, name)}`
    const store = await openStore(storage, clock)
    const rows = openRows({ storage })
    return {
      context: { ...contextOf(store, clock, OLD_MASTER), policy: POLICY },
      rows,
      close: async () => {
        rows.close()
        await store.close()
      },
    }
  }
  const { context, rows, close } = await open('base.db')
  const show = () => {}
  const spec = { proof: undefined, expiresAt: undefined }
  await apply(context, MANIFEST)
  await rotateAuditKey(context)
  await disableClient(context, OFF)
  const members = [{ kind: 'client' as const, id: JOB, permissions: ['view' as const] }]
  await putGroup(context, { name: TEAM, wanted: () => ({ members }) })
  clock.advance(1)
  await addCredential(context, { client: JOB, spec: { ...spec, label: 'own' }, show })
  clock.advance(1)
  const rotation = { client: JOB, name: 'own', spec: { ...spec, label: 'next' }, overlap: HOUR, show }
  await rotateCredential(context, rotation)
  await rotateKeys(context, { algorithm: 'ES256', atOnce: true })
  rows.run("update key set state = 'active'")
  await rotateKeys(context, { algorithm: 'ES256', atOnce: true })
  rows.run("update key set state = 'retiring', gone_at = active_at + ? where state = 'active'", HOUR)
  rows.run("update key set state = 'active' where state = 'pending'")
  await close()
  let copies = 0
  return {
    copy: (): Promise<Setting> => {
      copies += 1
      copyFileSync(join(folder, 'base.db'), join(folder, `${copies}.db`))
      return open(`${copies}.db`)
    },
    remove: () => rmSync(folder, { recursive: true }),
  }
}

/** The rows of the model, under the names that events use. */
export function modelIn(rows: Rows): ReadonlyMap<string, string> {
  const things = new Map<string, string>()
  const add = (name: string, row: Readonly<Record<string, unknown>>) => things.set(name, JSON.stringify(row))
  for (const { created_at: _, updated_at: __, ...row } of rows.all('select * from api'))
    add(`api ${row['audience']}`, row)
  // Removed credentials have events of their own.
  for (const { created_at: _, updated_at: __, ended, ...row } of rows.all('select * from client'))
    add(`client ${row['client_id']}`, { ...row, ended: JSON.parse(String(ended)).disabled_at })
  // The server notes a warning of an expiry here, at any time. It is no change of the model.
  for (const { warned_days: _, ...row } of rows.all('select * from credential')) add(`credential ${row['id']}`, row)
  const members = rows.all('select * from group_member order by kind, claim, id')
  for (const { created_at: _, updated_at: __, ...row } of rows.all('select * from "group"'))
    add(`group ${row['name']}`, { ...row, members: members.filter(({ group_name }) => group_name === row['name']) })
  for (const row of rows.all('select * from key')) add(`key ${row['kid']}`, row)
  for (const row of rows.all('select * from audit_key')) add(`audit key ${row['kid']}`, row)
  for (const row of rows.all('select * from master_key')) add('master key', row)
  for (const { seq, ...row } of rows.all('select * from revocation')) add(`revocation ${row['id']}`, { ...row, seq })
  return things
}

/** The names that differ. The revocation that comes with disabling, enabling or deleting a client or API belongs to that. */
export function differing(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): readonly string[] {
  const names = [...new Set([...one.keys(), ...other.keys()])].filter((name) => one.get(name) !== other.get(name))
  return names
    .filter((name) => {
      const owners = ['client', 'api'].map((kind) => name.replace(/^revocation/, kind))
      return !name.startsWith('rev') || !owners.some((owner) => names.includes(owner))
    })
    .sort()
}
