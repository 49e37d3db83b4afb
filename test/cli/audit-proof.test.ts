import { hash } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { apply } from '../../src/cli/apply.ts'
import { auditTail } from '../../src/cli/audit.ts'
import { auditRotateKey, auditVerify } from '../../src/cli/audit-proof.ts'
import { clientsEnable } from '../../src/cli/clients.ts'
import { environmentOf } from '../harness/cli.ts'
import { runCommand } from '../harness/command.ts'
import { collectLog } from '../harness/log.ts'
import { MODEL, SECRET } from '../harness/model.ts'
import { openRows, type Rows } from '../harness/rows.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'

let server: TestServer
let env: Record<string, string>
let rows: Rows
const lines: string[] = []
beforeAll(async () => {
  const { log, lines: collected } = collectLog()
  server = await startTestServer({ manifest: MODEL, log })
  env = environmentOf(server.config)
  rows = openRows(server.config)
  for (const client of ['reporter', 'batch', 'nobody'])
    await server.token({ grant_type: 'client_credentials' }, basic(client, SECRET))
  await server.audit()
  const manifest = join(server.folder, 'more.yaml')
  writeFileSync(manifest, 'clients: [{ client_id: job, name: The job, owner: team }]')
  expect(await runCommand(env, () => apply({ file: manifest, reason: 'CHG-1' }))).toMatchObject({ error: undefined })
  // The checkpoint of the stop.
  await server.stopServer()
  lines.push(...collected.map((line) => JSON.stringify(line)))
})
afterAll(() => {
  rows.close()
  rmSync(server.folder, { recursive: true })
})

test('an untouched log verifies, and matches the checkpoints in the log of the server', async () => {
  const file = join(server.folder, 'server.log')
  writeFileSync(file, lines.join('\n'))
  const { stdout, stderr, error } = await runCommand(env, () => auditVerify({ checkpoints: file }))
  expect(error).toBeUndefined()
  expect(stdout).toMatch(/^\d+ events in 3 chains are as they were written; 1 checkpoint signs them\n$/)
  const [, kid = ''] = /^Trusted keys: (\S+)$/m.exec(stderr) ?? []
  const json = await runCommand(env, () => auditVerify({ json: true, key: kid }))
  expect(JSON.parse(json.stdout)).toMatchObject({ ok: true, uncovered: 0, keys: [kid], faults: [] })
  expect((await runCommand(env, () => auditVerify({ key: 'x' }))).error).toBe(
    'no key of this audit log has the thumbprint x',
  )
  writeFileSync(file, '{}\n')
  expect((await runCommand(env, () => auditVerify({ checkpoints: file }))).error).toMatch(/no checkpoint in that file/)
})

test('a change by hand fails the command, which says where', async () => {
  const [row] = rows.all(`select chain, place, seq from audit_event where client_id = 'batch'`)
  rows.run(`update audit_event set client_id = 'other' where client_id = 'batch'`)
  const { stdout, error } = await runCommand(env, () => auditVerify({}))
  expect(stdout).toMatch(
    new RegExp(
      `^chain ${row?.['chain']}, place ${row?.['place']}, event ${row?.['seq']}, \\S+Z: the event, or its hash, was changed\n$`,
    ),
  )
  expect(error).toBe('the audit log does not match its proof in 1 place: see docs/operating/audit.md')
  rows.run(`update audit_event set client_id = 'batch' where client_id = 'other'`)
})

test('an event has the reason, the hash of the manifest, and names beside ids', async () => {
  const { stdout } = await runCommand(env, () => auditTail({ lines: '20', json: true }))
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const event = events.find(({ detail }) => detail.stated_reason === 'CHG-1')
  expect(event).toMatchObject({
    actor: { way: 'manifest', sha256: [hash('sha256', 'clients: [{ client_id: job, name: The job, owner: team }]')] },
    changes: { things: [{ thing: 'client', id: 'job', name: 'The job', owner: 'team', before: null }] },
  })
})

test('an auditor with a thumbprint needs no master key, and a wrong one is no sign of a change', async () => {
  const wrong = { ...env, TESSERA_MASTER_KEY: Buffer.alloc(32, 9).toString('base64') }
  const { TESSERA_MASTER_KEY: _, ...without } = wrong
  const { keys } = JSON.parse((await runCommand(env, () => auditVerify({ json: true }))).stdout)
  for (const one of [without, wrong])
    expect(await runCommand(one, () => auditVerify({ key: keys[0] }))).toMatchObject({
      error: undefined,
      stdout: expect.stringMatching(/ are as they were written; /),
    })
  expect((await runCommand(without, () => auditVerify({}))).error).toMatch(/^master_key_file: is required/)
  const { stdout, stderr, error } = await runCommand(wrong, () => auditVerify({}))
  expect(stdout).toMatch(/^the private part of .* which was not given: give that one, or the thumbprint of a key/)
  expect(stderr).not.toContain('No key signs this log yet')
  expect(error).toMatch(/^the audit log does not match its proof/)
})

test.each([
  ['x'.repeat(512), undefined],
  ['x'.repeat(513), 'the reason has 513 characters: it may have 512'],
  ['two\nlines', 'the reason must be one line of text'],
  [' ', 'the reason is empty'],
])('a reason: %j', async (reason, error) => {
  expect((await runCommand(env, () => clientsEnable('job', false, { reason, yes: true }))).error).toBe(error)
})

test('tessera audit rotate-key makes a key that the former one vouches for', async () => {
  const before = JSON.parse((await runCommand(env, () => auditVerify({ json: true }))).stdout)
  const { stdout } = await runCommand(env, () => auditRotateKey({ json: true, reason: 'each year' }))
  const { kid } = JSON.parse(stdout)
  const after = await runCommand(env, () => auditVerify({ json: true, key: before.keys[0] }))
  expect(JSON.parse(after.stdout)).toMatchObject({ ok: true, keys: [...before.keys, kid] })
})
