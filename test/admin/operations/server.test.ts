import { hash } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import { permissionNames } from '../../../src/management/authority/permissions.ts'
import { administrator, callsAs } from '../../harness/admin.ts'
import { startTestServer } from '../../harness/server.ts'
import { until } from '../../harness/until.ts'
import { newFolder } from '../../server/manifest/setting.ts'

const MODEL = `clients:${administrator('root', permissionNames)}${administrator('reader', ['keys:read'])}\n`

test('GET /server has the addresses and the metadata, for everybody who has authenticated', async () => {
  const server = await startTestServer({ manifest: MODEL, options: { aliases: '/oauth/token=token' } })
  onTestFinished(() => server.stop())
  const call = await callsAs(server, 'reader')
  const { status, body } = await call('GET', '/server')
  expect(status).toBe(200)
  expect(body).toMatchObject({ issuer: server.issuer, version: expect.stringMatching(/^\d+\.\d+\.\d+/) })
  expect(body.endpoints.token).toEqual([`${server.issuer}/as/token.oauth2`, `${server.issuer}/oauth/token`])
  for (const url of body.endpoints.keys) expect((await fetch(url)).status).toBe(200)
  const published = await fetch(`${server.issuer}/.well-known/oauth-authorization-server`)
  expect(body.metadata).toEqual(await published.json())
  expect((await call('GET', '/manifest')).status).toBe(403)
  const root = await callsAs(server, 'root')
  expect((await root('GET', '/manifest')).body).toEqual({ served: false, manifests: [], mistakes: [], files: [] })
})

test('GET /manifest says whether the served files are in force', async () => {
  const folder = newFolder({ 'clients.yaml': MODEL })
  const server = await startTestServer({ options: { manifest: folder.path } })
  onTestFinished(() => server.stop())
  const root = await callsAs(server, 'root')
  const shown = async () => (await root('GET', '/manifest')).body
  const file = { name: expect.stringMatching(/\/clients\.yaml$/), sha256: hash('sha256', MODEL) }
  const good = { served: true, manifests: ['files'], up_to_date: true, mistakes: [], files: [file] }
  expect(await shown()).toEqual({ ...good, applied: expect.any(String) })
  folder.write('clients.yaml', `${MODEL}apis: 7\n`)
  await until(async () => (await shown()).up_to_date === false)
  const { applied, ...wrong } = await shown()
  expect(wrong).toEqual({ ...good, up_to_date: false, mistakes: [expect.stringMatching(/clients\.yaml:\d+/)] })
  folder.write('clients.yaml', MODEL)
  await until(async () => (await shown()).up_to_date === true)
  expect((await shown()).applied > applied).toBe(true)
})
