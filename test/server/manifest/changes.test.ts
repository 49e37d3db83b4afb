import { execFileSync } from 'node:child_process'
import { renameSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { A_SECOND } from '../../harness/until.ts'
import {
  clientOf,
  manifestOf,
  newFolder,
  secretOf,
  serve,
  stateOf,
  tokenStatus,
  untilToken,
  untilUpToDate,
} from './setting.ts'

const ACTOR = z.looseObject({ kind: z.string(), way: z.string(), sha256: z.array(z.string()) })

test('a server applies its files before it listens, and the audit log has their hashes', async () => {
  const { server } = await serve(
    newFolder({ 'apis.yaml': manifestOf('job'), 'more/b.json': '{"clients":[{"client_id":"b"}]}' }),
  )
  expect(await tokenStatus(server, 'job')).toBe(200)
  expect(await stateOf(server.admin)).toMatchObject({ upToDate: 1, status: 200, body: { status: 'ok' } })
  const [event] = (await server.audit()).filter(({ type }) => type === 'manifest.apply')
  expect(ACTOR.parse(event?.actor)).toMatchObject({ kind: 'operator', way: 'manifest', sha256: { length: 2 } })
  expect(event?.detail).toMatchObject({ clients: ['job', 'b'], served: { manifests: ['files'] } })
})

describe('a change acts within a second', () => {
  test('of a file, of a new file, and of a file that goes', async () => {
    const folder = newFolder({ 'job.yaml': manifestOf('job') })
    const { server, logged } = await serve(folder, { manifest_allow_destroy: 'on' })
    folder.write('job.yaml', manifestOf('job', 'second'))
    expect(await untilToken(server, 'second')).toBeLessThan(A_SECOND)
    folder.write('third.yaml', `clients: [${clientOf('third')}]`)
    expect(await untilToken(server, 'third')).toBeLessThan(A_SECOND)
    folder.remove('third.yaml')
    expect(await untilToken(server, 'third', 401)).toBeLessThan(A_SECOND)
    expect(await tokenStatus(server, 'job')).toBe(200)
    expect(logged(/^applied the files/)).toMatchObject([
      { manifests: ['files'], changes: 2 },
      { manifests: ['files'], changes: 1, first: [{ action: 'create', kind: 'client', id: 'second' }] },
      { changes: 1 },
      { changes: 1, first: [{ action: 'delete', kind: 'client', id: 'third' }] },
    ])
    expect(logged(/refused|restored/)).toEqual([])
  })

  test('of the folder behind a link, as Kubernetes mounts a ConfigMap', async () => {
    const folder = newFolder({
      '..one/clients.yaml': manifestOf('job'),
      '..two/clients.yaml': manifestOf('job', 'second'),
    })
    symlinkSync('..one', join(folder.path, '..data'))
    symlinkSync('..data/clients.yaml', join(folder.path, 'clients.yaml'))
    const { server } = await serve(folder)
    expect(await tokenStatus(server, 'second')).toBe(401)
    symlinkSync('..two', join(folder.path, '..data_tmp'))
    renameSync(join(folder.path, '..data_tmp'), join(folder.path, '..data'))
    expect(await untilToken(server, 'second')).toBeLessThan(A_SECOND)
  })

  test('of a secret in a file beside the manifest', async () => {
    const folder = newFolder({
      'job.yaml': manifestOf().replace(
        '[]',
        '[{ client_id: job, scopes: [read], credentials: [{ secret_file: secrets/job }] }]',
      ),
      'secrets/job': secretOf('first'),
    })
    const { server } = await serve(folder)
    folder.write('secrets/job', secretOf('other'))
    expect(await untilToken(server, 'job', 200, secretOf('other'))).toBeLessThan(A_SECOND)
    expect(await tokenStatus(server, 'job', secretOf('first'))).toBe(401)
  })
})

describe('a bad change', () => {
  test('is refused whole, and log, metric and /readyz say so until it is mended', async () => {
    const folder = newFolder({ 'job.yaml': manifestOf('job') })
    const { server, logged } = await serve(folder)
    const { appliedAt } = await stateOf(server.admin)
    folder.write('more.yaml', 'clients:\n  - { client_id: fine }\n  - { client_id: second, scpes: [read], nmae: x }\n')
    await untilUpToDate(server.admin, 0)
    const state = await stateOf(server.admin)
    expect(state).toMatchObject({
      status: 200,
      body: { status: 'ok', notes: [expect.stringContaining('not in force')] },
    })
    expect(state.appliedAt).toBeGreaterThanOrEqual(appliedAt ?? Number.NaN)
    expect(JSON.stringify(state.body)).not.toContain('second')
    expect(await tokenStatus(server, 'job')).toBe(200)
    expect(logged(/refused/)).toMatchObject([
      {
        level: 50,
        mistakes: [
          expect.stringMatching(/more\.yaml:3:\d+: clients\[1\]\.scpes: .*did you mean scopes/),
          expect.stringMatching(/more\.yaml:3:\d+: clients\[1\]\.nmae: .*did you mean name/),
        ],
      },
    ])
    folder.write('more.yaml', 'clients: [{ client_id: fine, scopes: [write] }]')
    await expect.poll(() => logged(/refused/), { timeout: 20_000 }).toHaveLength(2)
    folder.write('more.yaml', `clients: [${clientOf('fine')}]`)
    await untilToken(server, 'fine')
    expect(await stateOf(server.admin)).toMatchObject({ upToDate: 1, body: { status: 'ok' } })
    expect((await stateOf(server.admin)).body).not.toHaveProperty('notes')
    expect(logged(/in force again/)).toHaveLength(1)
  })

  test('of a folder that became empty takes nothing away', async () => {
    const folder = newFolder({ 'job.yaml': manifestOf('job') })
    const { server, logged } = await serve(folder, { manifest_allow_destroy: 'on' })
    folder.remove('job.yaml')
    await untilUpToDate(server.admin, 0)
    expect(await tokenStatus(server, 'job')).toBe(200)
    expect(logged(/refused/)).toMatchObject([{ mistakes: [expect.stringContaining('has no file that ends in')] }])
  })

  test('asks for a secret that nobody would see', async () => {
    const folder = newFolder({ 'job.yaml': manifestOf('job') })
    const { server, logged } = await serve(folder)
    folder.write('new.yaml', 'clients:\n  - { client_id: new, credentials: [{ label: main }] }\n')
    await untilUpToDate(server.admin, 0)
    expect(logged(/refused/)).toMatchObject([
      { mistakes: [expect.stringMatching(/new\.yaml:2:\d+: clients\[0\]\.credentials\[0\]: needs a secret/)] },
    ])
  })

  test('fails a test of the manifest, and takes no effect', async () => {
    const folder = newFolder({ 'job.yaml': manifestOf('job') })
    const { server, logged } = await serve(folder)
    const withTest = (scopes: string) =>
      `${manifestOf('job', 'second')}tests: [{ name: it reads, client: job, scope: read, gets: { scopes: [${scopes}] } }]`
    folder.write('job.yaml', withTest(''))
    await untilUpToDate(server.admin, 0)
    expect(await tokenStatus(server, 'second')).toBe(401)
    const why = /job\.yaml:4:\d+: the test "it reads" fails: expected scopes none, got read$/
    expect(logged(/refused/)).toMatchObject([{ mistakes: [expect.stringMatching(why)] }])
    folder.write('job.yaml', withTest('read'))
    await untilToken(server, 'second')
  })

  test('names a pipe as a secret, such as the log of the server in a container', async () => {
    const folder = newFolder({ 'job.yaml': manifestOf('job') })
    const { server, logged } = await serve(folder)
    const pipe = join(newFolder().path, 'pipe')
    execFileSync('mkfifo', [pipe])
    folder.write('other.yaml', `clients: [{ client_id: other, credentials: [{ label: a, secret_file: ${pipe} }] }]`)
    await untilUpToDate(server.admin, 0)
    expect(logged(/refused/)).toMatchObject([
      { mistakes: [`${pipe} can't be read: it is a pipe, which can be read only once`] },
    ])
    expect(await tokenStatus(server, 'job')).toBe(200)
  })

  test('names a secret that is not there', async () => {
    const folder = newFolder({ 'job.yaml': manifestOf('job') })
    const { server, logged } = await serve(folder)
    folder.write('new.yaml', 'clients: [{ client_id: new, credentials: [{ secret_env: NO_SUCH_SECRET }] }]')
    await untilUpToDate(server.admin, 0)
    expect(logged(/refused/)).toMatchObject([{ mistakes: [expect.stringContaining('no NO_SUCH_SECRET')] }])
    folder.write(
      'new.yaml',
      'clients: [{ client_id: new, scopes: [read], credentials: [{ secret_file: new.secret }] }]',
    )
    await expect.poll(() => logged(/refused/), { timeout: 20_000 }).toHaveLength(2)
    folder.write('new.secret', secretOf('new'))
    await untilToken(server, 'new', 200, secretOf('new'))
  })
})

test('a generated secret that is already there stays', async () => {
  const manifest = manifestOf('job').replace(`, secret: ${secretOf('job')}`, '')
  const { server, logged } = await serve(
    newFolder({ 'job.yaml': `manifest: payments\n${manifest}` }),
    {},
    `manifest: payments\n${manifest}`,
  )
  expect(await stateOf(server.admin)).toMatchObject({ upToDate: 1 })
  expect(logged(/applied|refused/)).toEqual([])
})

describe('things that the files no longer name', () => {
  test('end with consent only, which a reload of the configuration can give', async () => {
    const folder = newFolder({ 'job.yaml': manifestOf('job', 'old') })
    const { server, logged } = await serve(folder)
    folder.write('job.yaml', manifestOf('job', 'new'))
    await untilUpToDate(server.admin, 0)
    expect(logged(/refused/)).toMatchObject([
      { mistakes: [expect.stringMatching(/this would end 1 client\. .*manifest_allow_destroy/)] },
    ])
    expect([await tokenStatus(server, 'old'), await tokenStatus(server, 'new')]).toEqual([200, 401])
    await server.reload({ ...server.config, manifest_allow_destroy: 'on' })
    await untilToken(server, 'new')
    await untilToken(server, 'old', 401)
    expect(await stateOf(server.admin)).toMatchObject({ upToDate: 1 })
  })

  test('end when the last file of their manifest goes', async () => {
    const folder = newFolder({
      'apis.yaml': `manifest: apis\n${manifestOf('job')}`,
      'old.yaml': `manifest: old\nclients: [${clientOf('old')}]`,
    })
    const { server } = await serve(folder, { manifest_allow_destroy: 'on' })
    expect(await tokenStatus(server, 'old')).toBe(200)
    folder.remove('old.yaml')
    await untilToken(server, 'old', 401)
    expect(await tokenStatus(server, 'job')).toBe(200)
  })
})
