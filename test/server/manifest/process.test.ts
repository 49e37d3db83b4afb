import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, inject, onTestFinished, test } from 'vitest'
import { stringify } from 'yaml'
import { startTessera, tessera } from '../../harness/cli.ts'
import { freePort } from '../../harness/port.ts'
import { until } from '../../harness/until.ts'
import { manifestOf, newFolder, secretOf, stateOf, untilUpToDate } from './setting.ts'

const MASTER_KEY = Buffer.alloc(32, 7).toString('base64')

/** A configuration without a database, in a file beside the manifest. */
async function newConfiguration() {
  const folder = newFolder({ 'manifest/job.yaml': manifestOf('job') })
  const [port, admin] = [await freePort(), await freePort()]
  const { cert, key } = inject('tls')
  const settings = {
    issuer: `https://localhost:${port}`,
    data: join(folder.path, 'data'),
    runtime: { host: 'localhost', port },
    admin: { port: admin, metrics: 'open' },
    tls: { cert, key },
    cache: { clients: 1_000 },
    shutdown: { timeout: 0 },
  }
  const file = join(folder.path, 'tessera.yaml')
  const write = (changed: object) => writeFileSync(file, stringify({ ...settings, ...changed }))
  write({})
  return { folder, file, write, issuer: settings.issuer, admin: `https://localhost:${admin}`, data: settings.data }
}

const env = { TESSERA_MASTER_KEY: MASTER_KEY }

test('tessera serve --manifest runs from files alone; its workers follow, and SIGHUP gives consent', async () => {
  const { folder, file, write, issuer, admin, data } = await newConfiguration()
  const args = ['serve', '--config', file, '--manifest', join(folder.path, 'manifest'), '--workers', '2']
  const server = startTessera(args, env)
  onTestFinished(async () => void (await server.stop('SIGKILL')))
  await server.printed(/health is on/)
  expect(existsSync(join(data, 'tessera.db'))).toBe(true)
  const status = async (id: string) => {
    const authorization = `Basic ${Buffer.from(`${id}:${secretOf(id)}`).toString('base64')}`
    const body = new URLSearchParams({ grant_type: 'client_credentials', scope: 'read' })
    return (await fetch(`${issuer}/as/token.oauth2`, { method: 'POST', headers: { authorization }, body })).status
  }
  expect(await status('job')).toBe(200)
  folder.write('manifest/job.yaml', manifestOf('new'))
  await untilUpToDate(admin, 0)
  expect([await status('job'), await status('new')]).toEqual([200, 401])
  write({ manifest_allow_destroy: 'on' })
  server.child.kill('SIGHUP')
  await until(async () => (await status('new')) === 200 && (await status('job')) === 401)
  expect(await stateOf(admin)).toMatchObject({ upToDate: 1 })
  expect(server.output()).toContain('"options":["manifest_allow_destroy"]')

  const listed = await tessera(['clients', 'list', '--config', file, '--json'], { env })
  expect(JSON.parse(listed.stdout)).toMatchObject([{ client_id: 'new', manifest: 'files' }])
})

test('tessera serve ends with the mistakes of bad files if there is nothing else to serve', async () => {
  const { folder, file } = await newConfiguration()
  folder.write('manifest/job.yaml', 'clients: [{ client_id: a, nothing: 1 }, { client_id: a }]')
  const { code, stderr } = await tessera(['serve', '--config', file, '--manifest', join(folder.path, 'manifest')], {
    env,
  })
  expect(code).toBe(1)
  expect(stderr).toMatch(/job\.yaml:1:27: clients\[0\]\.nothing: this version knows no such field/)
})
