import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { emptyDatabase } from '../harness/empty-database.ts'
import { newSecret } from '../harness/model.ts'
import { runTessera } from '../harness/program.ts'
import { openRows } from '../harness/rows.ts'

let folder: string
let env: Record<string, string>
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-files-'))
  env = { TESSERA_STORAGE: emptyDatabase(join(folder, 'tessera.db')) }
  return () => rmSync(folder, { recursive: true })
})

function write(name: string, content: string): string {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  return path
}
const tessera = (args: readonly string[], input?: string, more: Record<string, string> = {}) =>
  runTessera(args, { ...env, ...more }, input)

const API = 'apis: [{ audience: "https://api", scopes: [{ name: read }] }]\n'
const CLIENT = 'clients: [{ client_id: a, scopes: [read] }]\n'

describe('a folder', () => {
  test('is read with its folders and links to files, without hidden files and what is no manifest', async () => {
    write('m/api.yaml', API)
    write('m/deep/er/client.yml', CLIENT)
    write('m/more.json', '{"clients":[{"client_id":"b"}]}')
    write('m/.hidden.yaml', 'nonsense: 1')
    write('m/.git/x.yaml', 'nonsense: 1')
    write('m/README.md', '# no manifest')
    write('elsewhere.yaml', 'clients: [{ client_id: linked }]')
    symlinkSync(join(folder, 'elsewhere.yaml'), join(folder, 'm/linked.yaml'))
    // A folder with such a name, and a pipe that nobody writes to.
    mkdirSync(join(folder, 'm/folder.yaml'))
    execFileSync('mkfifo', [join(folder, 'm/pipe.yaml')])
    const { code, stdout, stderr } = await tessera(['plan', '-f', join(folder, 'm')])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const made = stdout.split('\n').filter((line) => line.startsWith('+'))
    expect(made.sort()).toEqual(['+ api https://api', '+ client a', '+ client b', '+ client linked'])
  })

  test('with a link that leads nowhere, and one without manifests, are mistakes', async () => {
    mkdirSync(join(folder, 'm'))
    expect(await tessera(['plan', '-f', join(folder, 'm')])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('has no file that ends in .yaml, .yml or .json'),
    })
    symlinkSync('/nowhere.yaml', join(folder, 'm/x.yaml'))
    expect(await tessera(['plan', '-f', join(folder, 'm')])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("x.yaml can't be read: there is no such file or folder"),
    })
  })

  test('of a thousand files is one manifest, and all mistakes of files and standard input are listed', async () => {
    for (let at = 0; at < 1_000; at += 1) write(`m/${at}.yaml`, `clients: [{ client_id: c${at} }]`)
    const { stdout } = await tessera(['validate', '-f', join(folder, 'm'), '-f', '-'], API)
    expect(stdout).toBe('valid: 1001 files, 1 API, 1000 clients\n')
    write('m/7.yaml', 'clients: [{ client_idd: x }]')
    const { code, stderr } = await tessera(['validate', '-f', join(folder, 'm'), '-f', '-'], 'apis: 5')
    expect(code).toBe(1)
    expect(stderr).toMatch(/7\.yaml:1:13: clients\[0\]\.client_idd: .*did you mean client_id\?/)
    expect(stderr).toContain('standard input:1:1: apis: must be a list')
  })
})

describe('validate', () => {
  test('needs no configuration and no database', async () => {
    const file = write('m.yaml', `${API}${CLIENT}`)
    const { code, stdout } = await runTessera(['validate', '-f', file, '--json'], {})
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ apis: 1, clients: 1, outside: [], warnings: [] })
  })
})

describe('a plan', () => {
  test('needs no secret, opens no database for writing, and says which secrets it did not compare', async () => {
    const manifest =
      'clients: [{ client_id: a, credentials: [{ label: x, secret_env: NOT_THERE }, { label: y, secret_file: none }] }]'
    const before = readFileSync(join(folder, 'tessera.db'))
    for (const args of [
      ['plan', '-f', '-'],
      ['apply', '-f', '-', '--dry-run'],
      ['plan', '-f', '-', '--prune'],
    ]) {
      const { code, stderr } = await tessera(args, `manifest: m\n${manifest}`)
      expect(code).toBe(0)
      expect(stderr).toContain('secret_env: was not compared: the environment has no NOT_THERE')
      expect(stderr).toContain('secret_file: was not compared: there is no file none')
    }
    expect(readFileSync(join(folder, 'tessera.db')).equals(before)).toBe(true)
    const { code, stderr } = await tessera(['apply', '-f', '-'], manifest)
    expect({ code, lines: stderr.match(/NOT_THERE|no file none/g) }).toEqual({
      code: 1,
      lines: ['NOT_THERE', 'no file none'],
    })
  })

  test('--detailed-exitcode is 2 with changes, and 0 without', async () => {
    const plan = () => tessera(['plan', '-f', '-', '--detailed-exitcode'], API)
    expect((await plan()).code).toBe(2)
    expect((await tessera(['apply', '-f', '-', '--detailed-exitcode'], API)).code).toBe(2)
    expect((await plan()).code).toBe(0)
    expect((await tessera(['plan', '-f', '-'], 'clients: [{ client_id: z }]')).code).toBe(0)
  })

  test('is shown in full when it is refused, in JSON, too, and then nothing is written', async () => {
    await tessera(['apply', '-f', '-'], `${API}${CLIENT}`)
    const fewer = 'clients: [{ client_id: a }]'
    const refused = await tessera(['apply', '-f', '-'], fewer)
    expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining('Give --allow-destroy') })
    expect(refused.stdout).toContain('    scopes: ["read"] → []\n')
    expect(refused.stdout).toContain('1 loss; nothing was written')
    const asJson = await tessera(['apply', '-f', '-', '--json'], fewer)
    expect(JSON.parse(asJson.stdout)).toMatchObject({
      dry_run: true,
      losses: [{ kind: 'scope', client_id: 'a', destructive: true }],
    })
    expect((await tessera(['apply', '-f', '-', '--allow-destroy'], fewer)).code).toBe(0)
  })
})

describe('secret_file', () => {
  const using = (path: string) =>
    `clients: [{ client_id: a, credentials: [{ label: x, secret_file: ${JSON.stringify(path)} }] }]`

  test('starts in the folder of the file that names it; .. and absolute paths work', async () => {
    const secret = newSecret()
    const absolute = write('secrets/a', `${secret}\n`)
    for (const path of ['../secrets/a', absolute]) {
      const file = write('m/m.yaml', using(path))
      const { code, stdout, stderr } = await tessera(['apply', '-f', file])
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout).not.toContain(secret)
    }
    const rows = openRows({ storage: env['TESSERA_STORAGE'] ?? '' })
    expect(rows.all('select id from credential')).toHaveLength(1)
    expect(JSON.stringify(rows.all('select * from audit_event'))).not.toContain(secret)
    rows.close()
  })

  test.each([
    ['a folder', '.', "can't be read: it is a folder"],
    ['nothing', 'nowhere', 'there is no file'],
    ['blank', 'blank', 'the secret in'],
  ])('that is %s is a mistake', async (_name, path, message) => {
    write('m/blank', '\n')
    const { code, stderr } = await tessera(['apply', '-f', write('m/m.yaml', using(path))])
    expect(code).toBe(1)
    expect(stderr).toContain(message)
  })
})

test('no plan, answer or event shows a secret among metadata and claims', async () => {
  const secret = newSecret()
  const manifest = (more: string) =>
    `clients: [{ client_id: a, metadata: { token: ${secret}, password: in ${secret} }${more} }]`
  await tessera(['apply', '-f', '-'], 'clients: [{ client_id: a }]')
  const outputs = [
    await tessera(['plan', '-f', '-'], manifest(`, token: { claims: { secret: ${secret} } }`)),
    await tessera(['plan', '-f', '-', '--json'], manifest(`, token: { claims: { x: ${secret} } }`)),
    await tessera(['apply', '-f', '-'], manifest('')),
  ]
  for (const { code, stdout, stderr } of outputs) {
    expect(code).toBe(0)
    expect(stdout + stderr).toContain('metadata')
    expect(stdout + stderr).not.toContain(secret)
  }
  const rows = openRows({ storage: env['TESSERA_STORAGE'] ?? '' })
  expect(JSON.stringify(rows.all('select * from audit_event'))).not.toContain(secret)
  rows.close()
})
