import { rmSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Actor } from '../../src/audit/actor.ts'
import { SYSTEM } from '../../src/audit/actor.ts'
import { operatorOf } from '../../src/audit/operator.ts'
import { auditTail } from '../../src/cli/audit.ts'
import { clientsEnable } from '../../src/cli/clients.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { openStore } from '../../src/store/open.ts'
import { environmentOf } from '../harness/cli.ts'
import { runCommand } from '../harness/command.ts'
import { openRows, type Rows } from '../harness/rows.ts'
import { applyTo, testConfig } from '../harness/server.ts'

let folder: string
let env: Record<string, string>
let rows: Rows
beforeAll(async () => {
  const made = await testConfig()
  folder = made.folder
  env = environmentOf(made.config)
  await applyTo(made.config, 'clients: [{ client_id: job }]')
  const { error } = await runCommand(env, () => clientsEnable('job', false, { yes: true }))
  expect(error).toBeUndefined()
  rows = openRows(made.config)
})
afterAll(() => {
  rows.close()
  rmSync(folder, { recursive: true })
})

/** The latest event, as a line and as JSON. */
async function last() {
  const line = await runCommand(env, () => auditTail({ lines: '1' }))
  const json = await runCommand(env, () => auditTail({ lines: '1', json: true }))
  return { line: line.stdout, json: JSON.parse(json.stdout) }
}

test('a change names its actor and the old values', async () => {
  const { line, json } = await last()
  const by = `by ${userInfo().username} on ${hostname()}`
  expect(line).toMatch(
    /^\S+ client\.change success by .* client_id=job request_id=\S+ enabled=false \(client job: .*\)\n$/,
  )
  expect(line).toContain(by)
  expect(line).toMatch(/\(client job: enabled true -> false, disabledAt null -> "\S+"\)/)
  expect(json).toMatchObject({
    actor: { kind: 'operator', user: userInfo().username, host: hostname(), way: 'command' },
    changes: {
      things: [{ thing: 'client', id: 'job', before: { enabled: true }, after: { enabled: false } }],
      others: 0,
    },
    detail: { enabled: false },
  })
})

describe('every kind of actor is stored and shown', () => {
  const actors: [Actor, string, object][] = [
    [{ kind: 'administrator', name: 'bob', way: 'api' }, 'by the administrator bob', { kind: 'administrator' }],
    [{ kind: 'client', clientId: 'deploy', way: 'api' }, 'by the client deploy', { client_id: 'deploy' }],
    [
      { kind: 'client', clientId: 'deploy', way: 'manifest', sha256: ['a1', 'b2'] },
      'by the client deploy with the manifest sha256:a1,b2',
      { client_id: 'deploy', way: 'manifest', sha256: ['a1', 'b2'] },
    ],
    [
      { kind: 'administrator', name: 'bob', way: 'manifest', sha256: ['a1'] },
      'by the administrator bob with the manifest sha256:a1',
      { way: 'manifest', sha256: ['a1'] },
    ],
    [SYSTEM, 'by the schedule', SYSTEM],
    [{ kind: 'operator', user: 'a\u001b[1m', host: 'h', way: 'manifest' }, 'by a\\u001b[1m on h', { way: 'manifest' }],
  ]
  test.each(actors)('%j', async (actor, text, shown) => {
    const store = await openStore(env['TESSERA_STORAGE'] ?? '', systemClock)
    const [event] = await store.audit.listEvents({ limit: 1 })
    if (event === undefined) throw new Error('there is no event')
    const known = { ...event, type: 'client.change', result: 'success', reason: undefined } as const
    await store.audit.append([{ ...known, actor, changes: { things: [], others: 7 } }])
    expect((await store.audit.listEvents({ limit: 1 }))[0]).toMatchObject({ actor, changes: { others: 7 } })
    await store.close()
    const { line, json } = await last()
    expect(line).toContain(` ${text} `)
    expect(line).toContain('(and 7 more)')
    expect(json.actor).toMatchObject(shown)
  })
})

test.each([
  ['actor', '{"kind":"robot"}'],
  ['actor', 'x'],
  ['changes', '{"things":1}'],
])('an event whose %s is %s is shown with its detail', async (column, text) => {
  rows.run(
    'insert into audit_event (at, type, result, request_id, detail) values (1, ?, ?, ?, ?)',
    't',
    'r',
    'i',
    '{"a":1}',
  )
  rows.run(`update audit_event set ${column} = ? where seq = (select max(seq) from audit_event)`, text)
  const { json } = await last()
  expect(json.detail).toMatchObject({ a: 1, unreadable: expect.stringContaining(column) })
})

test('an account without a name is shown by its number, and long names are cut', () => {
  const hostname = () => 'h'.repeat(300)
  const unnamed = () => {
    throw new Error('uv_os_get_passwd returned ENOENT')
  }
  const host = 'h'.repeat(256)
  expect(operatorOf('command', { userInfo: unnamed, hostname, uid: () => 1001 })).toEqual({
    kind: 'operator',
    user: '1001',
    host,
    way: 'command',
  })
  expect(operatorOf('manifest', { userInfo: () => ({ username: 'u'.repeat(300) }), hostname, uid: () => 1 })).toEqual({
    kind: 'operator',
    user: 'u'.repeat(256),
    host,
    way: 'manifest',
  })
})
