import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { managementContext } from '../../../src/cli/database.ts'
import { permissionNames } from '../../../src/management/authority/permissions.ts'
import { recordedBy } from '../../../src/management/context.ts'
import { Audience, ClientId } from '../../../src/oauth/ids.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { openStore } from '../../../src/store/open.ts'
import { administrator, type CallAdmin, callsAs } from '../../harness/admin.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'
import { until } from '../../harness/until.ts'

/** The bounds: docs/reference/limits.md. */
const LONGEST_CLIENT = 256 * 1024
const LONGEST_API = 512 * 1024
const MOST_SCOPES = 2_000
const MOST_CLAIMS = 100
const MOST_APIS = 500
const MOST_WILDCARDS = 100

const audienceOf = (name: string) => `https://${name}.example.com`
const pathOf = (name: string) => `/apis/${encodeURIComponent(audienceOf(name))}`
const some = <Item>(count: number, make: (at: number) => Item): readonly Item[] =>
  Array.from({ length: count }, (_, at) => make(at))
const api = (name: string, scopes: readonly string[], owner = 'ours') =>
  `  - { audience: ${audienceOf(name)}, owner: ${owner}, scopes: [${scopes.join(', ')}] }`
const named = (count: number, prefix: string) => some(count, (at) => `{ name: "${prefix}${at}" }`)
const wild = (count: number, prefix: string) => some(count, (at) => `{ name: "${prefix}*${at}*" }`)
const MANIFEST = `
apis:
${api('full', named(MOST_SCOPES, 'full-'))}
${api('small', named(1, 'small-'))}
${some(MOST_APIS, (at) => api(`api-${at}`, [], 'crowd')).join('\n')}
${api('wild', wild(MOST_WILDCARDS - 1, 'wild-'), 'wild')}
${api('wilder', [], 'wild')}
${api('taker', ['{ name: take }'])}
clients:
  - { client_id: grown, owner: ours }
  - { client_id: large, owner: ours }
  - { client_id: given, owner: ours, scopes: [take], credentials: [{ secret: a secret of it }] }
${administrator('root', permissionNames)}${administrator('member', ['groups:act'])}
`

let server: TestServer
let root: CallAdmin
/** Somebody with no right but those over what their groups own. */
let member: CallAdmin
beforeAll(async () => {
  server = await startTestServer({ manifest: MANIFEST })
  root = await callsAs(server, 'root')
  const members = [{ kind: 'client', id: 'member', permissions: ['view', 'edit', 'grant'] }]
  for (const group of ['ours', 'crowd', 'wild'])
    expect((await root('PUT', `/groups/${group}`, { body: { members } })).status).toBe(201)
  member = await callsAs(server, 'member')
})
afterAll(() => server.stop())

const any = { 'if-match': '*' }
const absent = { 'if-none-match': '*' }
const patch = (path: string, body: object) => member('PATCH', path, { body, headers: any })

describe('growing-things: a client', () => {
  test('gets no larger than its bound by one change after the other', async () => {
    const piece = 'x'.repeat(LONGEST_CLIENT / 4)
    const statuses: number[] = []
    for (let at = 0; at < 6; at += 1)
      statuses.push((await patch('/clients/grown', { metadata: { [`part ${at}`]: piece } })).status)
    expect(statuses).toEqual([200, 200, 200, 422, 422, 422])
    const { body } = await patch('/clients/grown', { metadata: { more: piece } })
    expect(body.errors).toEqual([
      {
        pointer: '',
        detail: 'the client may have at most 256 KiB of JSON: shorten its metadata, tags, scopes or grants',
      },
    ])
    expect((await patch('/clients/grown', { tags: ['a small change'] })).status).toBe(200)
    const made = { client_id: 'new', owner: 'ours', metadata: { all: piece.repeat(4) } }
    expect((await member('POST', '/clients', { body: made })).status).toBe(422)
    const manifest = `clients: [{ client_id: new, metadata: { all: "${piece.repeat(4)}" } }]`
    await expect(server.apply(manifest)).rejects.toThrow(/test.yaml:1:\d+: clients\[0\].*at most 256 KiB/)
  })

  test('that was larger before there was a bound goes on, and can only shrink', async () => {
    const store = await openStore(server.config.storage, systemClock)
    const context = managementContext({ options: server.config, store })
    const { clients, version } = await store.model.snapshot([ClientId('large')])
    const large = clients.get(ClientId('large'))
    if (large === undefined) throw new Error('there is no client')
    const metadata = { a: 'x'.repeat(LONGEST_CLIENT), b: 'short' }
    const event = recordedBy(context, { type: 'client.change', detail: {} })
    expect(await store.model.commit(version, { apis: [], clients: [{ ...large, metadata }], event })).toBe(true)
    await store.close()
    expect((await patch('/clients/large', { metadata: { b: 'a longer one' } })).status).toBe(422)
    expect((await patch('/clients/large', { metadata: { b: null } })).status).toBe(200)
  })
})

describe('growing-things: an API', () => {
  test('gets no scope beyond its bound, by a request or a manifest', async () => {
    const more = await member('PUT', `${pathOf('full')}/scopes/more`, { body: {}, headers: any })
    expect(more).toMatchObject({ status: 422, body: { errors: [{ pointer: '/scopes' }] } })
    expect(more.body.errors[0].detail).toMatch(/at most 2000 scopes: remove some/)
    const manifest = MANIFEST.replace(api('small', named(1, 'small-')), api('small', named(MOST_SCOPES + 1, 'small-')))
    await expect(server.apply(manifest)).rejects.toThrow(/apis\[1\]\.scopes: an API may have at most 2000 scopes/)
    const removed = await member('DELETE', `${pathOf('full')}/scopes/full-7`, { headers: any })
    expect(removed.status).toBe(200)
    expect((await member('PUT', `${pathOf('full')}/scopes/more`, { body: {}, headers: any })).status).toBe(200)
  })

  test('gets no larger than its bound by one change after the other', async () => {
    const description = 'x'.repeat(1_000)
    const body = { scopes: some(460, (at) => ({ name: `small-${at}`, description })) }
    expect((await patch(pathOf('small'), body)).status).toBe(200)
    const statuses: number[] = []
    for (let at = 0; at < 150 && !statuses.includes(422); at += 1) {
      const path = `${pathOf('small')}/scopes/more-${at}`
      statuses.push((await member('PUT', path, { body: { description }, headers: any })).status)
    }
    expect(new Set(statuses)).toEqual(new Set([200, 422]))
    const { body: left } = await member('GET', pathOf('small'))
    expect(JSON.stringify(left).length).toBeLessThanOrEqual(LONGEST_API)
  })

  test('lists no scope twice', async () => {
    const answer = await patch(pathOf('wilder'), {
      scopes: [{ name: 'a' }, { name: 'b' }, { name: 'a', common: true }],
    })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    const twice = await patch(pathOf('wilder'), { scopes: [{ name: 'a' }, { name: 'b' }, { name: 'a' }] })
    expect(twice).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/scopes/2/name', detail: 'the scope "a" is listed twice' }] },
    })
  })

  test('takes few claims from clients, and large ones cost little', async () => {
    const taking = (count: number) =>
      patch(pathOf('taker'), {
        token: { client_claims: Object.fromEntries(some(count, (at) => [`c${at}`, 'metadata.big'])) },
      })
    expect((await taking(MOST_CLAIMS + 1)).body.errors).toEqual([
      { pointer: '/token/client_claims', detail: 'an API may take at most 100 claims from clients: remove some' },
    ])
    expect((await taking(MOST_CLAIMS)).status).toBe(200)
    expect((await patch('/clients/given', { metadata: { big: 'x'.repeat(LONGEST_CLIENT - 1_000) } })).status).toBe(200)
    const ask = () =>
      server.token({ grant_type: 'client_credentials', scope: 'take' }, basic('given', 'a secret of it'))
    await until(async () => (await ask()).status === 400)
    const before = process.cpuUsage()
    const answer = await ask()
    const { user, system } = process.cpuUsage(before)
    expect(await answer.json()).toMatchObject({
      error_description: expect.stringMatching(/^The token would be too large/),
    })
    // The JSON of 25 MiB takes over 100 ms.
    expect((user + system) / 1000).toBeLessThan(60)
    const sample = await member('GET', `${pathOf('taker')}/sample-token?client_id=given`)
    expect(sample.body.refusal.reason).toBe('token_too_large')
    expect((await patch('/clients/given', { metadata: { big: 'x'.repeat(80) } })).status).toBe(200)
    await until(async () => (await ask()).status === 200)
  })

  test('is made by members of a group up to its bound, and by others beyond it', async () => {
    const body = { audience: audienceOf('more'), owner: 'crowd' }
    const refused = await member('POST', '/apis', { body })
    expect(refused.status).toBe(403)
    expect(refused.body.detail).toMatch('members of a group may give it at most 500 APIs')
    // Nor does one come from another group.
    expect((await patch(pathOf('wilder'), { owner: 'crowd' })).status).toBe(403)
    expect((await patch(pathOf('api-0'), { name: 'Still ours' })).status).toBe(200)
    expect((await root('POST', '/apis', { body })).status).toBe(201)
    expect((await patch(pathOf('more'), { name: 'Ours, too' })).status).toBe(200)
  })

  test('gets few scopes with several * from members of its group, who have few at all its APIs', async () => {
    const put = (call: CallAdmin, name: string, scope: string) =>
      call('PUT', `${pathOf(name)}/scopes/${encodeURIComponent(scope)}`, { body: {}, headers: any })
    expect((await put(member, 'wilder', 'more-*1*')).status).toBe(200)
    for (const name of ['wild', 'wilder']) {
      const refused = await put(member, name, 'more-*2*')
      expect(refused.status).toBe(403)
      expect(refused.body.detail).toMatch('members of a group may give it at most 100 scopes with several *')
    }
    expect((await put(member, 'wilder', 'dynamic:*')).status).toBe(200)
    expect((await put(root, 'wild', 'more-*3*')).status).toBe(200)
    expect((await patch(pathOf('wild'), { name: 'Wild' })).status).toBe(200)
  })
})

test('an API that was larger before there was a bound goes on', async () => {
  const store = await openStore(server.config.storage, systemClock)
  const context = managementContext({ options: server.config, store })
  const { apis, version } = await store.model.snapshot([])
  const before = apis.get(Audience(audienceOf('small')))
  if (before === undefined) throw new Error('there is no API')
  const scopes = some(MOST_SCOPES + 5, (at) => ({ name: `small-${at}` }))
  const event = recordedBy(context, { type: 'api.change', detail: {} })
  const larger = { ...before, scopes: [...scopes, { name: 'small-0' }] }
  expect(await store.model.commit(version, { apis: [larger], clients: [], event })).toBe(true)
  await store.close()
  expect((await patch(pathOf('small'), { name: 'Still small' })).status).toBe(200)
  expect((await member('PUT', `${pathOf('small')}/scopes/x`, { body: {}, headers: absent })).status).toBe(412)
  expect((await member('PUT', `${pathOf('small')}/scopes/x`, { body: {}, headers: any })).status).toBe(422)
  expect((await member('DELETE', `${pathOf('small')}/scopes/small-3`, { headers: any })).status).toBe(200)
})
