import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { operations } from '../../../src/admin/operations/operations.ts'
import { type Permission, permissionNames } from '../../../src/management/authority/permissions.ts'
import { groupPermissions } from '../../../src/model/group.ts'
import { adminCalls, administrator, type CallAdmin, callsAs } from '../../harness/admin.ts'
import { type Described, type Document, readDocument } from '../../harness/described.ts'
import { newSecret } from '../../harness/model.ts'
import { smallest } from '../../harness/schema-values.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'

/** Things of a group of which no caller is a member. Their other texts hold `planted`. */
const THEIRS = {
  client_id: 'their-client',
  client: 'their-client',
  audience: 'https://their-api.example.com',
  scope: 'their-scope',
  credential: 'their-label',
  group: 'their-group',
  name: 'their-account',
  kid: 'their-key',
  plan: 'their-plan',
  id: 'their-session',
  tenant: 'default',
} as const
const PLANTED = /planted|their-/
/** A generated secret has a fast hash, and there are many clients here. */
const SECRET = newSecret()

const idOf = (kind: string, permission: string): string => `${kind}-${permission.replace(':', '-')}`
const used = permissionNames.filter((name) => operations.some(({ access }) => access === name))

let server: TestServer
let documented: Document
let root: CallAdmin
const calls = new Map<string, Promise<CallAdmin>>()
/** Calls of a client that the manifest describes. */
const as = (id: string): Promise<CallAdmin> => {
  const call = calls.get(id) ?? callsAs(server, id, SECRET)
  calls.set(id, call)
  return call
}

beforeAll(async () => {
  server = await startTestServer({
    manifest: `
apis:
  - { audience: "${THEIRS.audience}", name: planted, owner: planted, scopes: [{ name: their-scope, description: planted }] }
clients:
  - client_id: ${THEIRS.client_id}
    name: planted
    description: planted
    owner: planted
    tags: [planted]
    metadata: { planted: planted }
    scopes: [their-scope]
    grants: [{ api: "${THEIRS.audience}", scopes: [their-scope] }]
    credentials: [{ label: ${THEIRS.credential}, secret: ${SECRET} }]${[
      administrator('root', permissionNames, SECRET),
      administrator('nobody', ['groups:act'], SECRET),
      ...used.map((name) => administrator(idOf('only', name), [name], SECRET)),
      ...used.map((name) =>
        administrator(
          idOf('without', name),
          permissionNames.filter((one) => one !== name),
          SECRET,
        ),
      ),
      ...groupPermissions.map((name) => administrator(idOf('member', name), ['groups:act'], SECRET)),
    ].join('')}
${groupPermissions.map((name) => `  - { client_id: ${idOf('own', name)}, owner: ${idOf('group', name)} }`).join('\n')}
`,
  })
  root = await as('root')
  documented = await readDocument(root)
  for (const name of groupPermissions) {
    const members = [{ kind: 'client', id: idOf('member', name), permissions: [name] }]
    expect((await root('PUT', `/groups/${idOf('group', name)}`, { body: { members } })).status).toBe(201)
  }
  expect((await root('PUT', '/groups/their-group', { body: { description: 'planted' } })).status).toBe(201)
  const account = { name: THEIRS.name, display_name: 'planted', roles: ['auditor'] }
  expect((await root('POST', '/accounts', { body: account })).status).toBe(201)
  // Both an issued token and a refusal are counted, audited and explained.
  const form = { grant_type: 'client_credentials', resource: THEIRS.audience }
  expect((await server.token(form, basic(THEIRS.client_id, SECRET))).status).toBe(200)
  const refused = await server.token(form, basic(THEIRS.client_id, 'planted'))
  expect(refused.status).toBe(401)
  await server.audit(refused.headers.get('x-request-id'))
})
afterAll(() => server.stop())

const setting = () => ({ schemas: documented.schemas, known: {} })

/** Calls an operation for the things of others. */
function callFor(call: CallAdmin, { id, method, path, body, isConditional }: Described) {
  const values: Readonly<Record<string, string>> = THEIRS
  const target = path
    .replace('/api/v1', '')
    .replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ''))
  const queries: Readonly<Record<string, string>> = {
    'explanations.list': `?client=${THEIRS.client}`,
    'apis.sample-token': `?client_id=${THEIRS.client}`,
  }
  const query = queries[id] ?? ''
  const headers = { ...(isConditional && { 'if-match': '*' }) }
  return call(method, target + query, {
    headers,
    ...(body && { body: smallest(setting(), body.schema), headers: { ...headers, 'content-type': body.type } }),
  })
}

/** Requires that an answer holds nothing of others, beside the words of the request itself. */
function expectNothingOfOthers(answer: Awaited<ReturnType<CallAdmin>>, what: string): void {
  let text = JSON.stringify(answer.body ?? '')
  for (const word of Object.values(THEIRS)) if (answer.status >= 400) text = text.replaceAll(word, '')
  expect(text, what).not.toMatch(PLANTED)
}

const everyOne = operations.map(({ id }) => id)
const find = (id: string): Described => {
  const found = documented.operations.find((one) => one.id === id)
  if (found === undefined) throw new Error(`the document has no ${id}`)
  return found
}

describe('nobody succeeds without the permission, and an answer shows nothing', () => {
  test.each(everyOne)('%s', async (id) => {
    const operation = find(id)
    const { permission, isPublic } = operation
    if (!isPublic) {
      const answer = await callFor(adminCalls(server, {}), operation)
      expect(answer.status).toBe(401)
      expectNothingOfOthers(answer, 'without authentication')
    }
    const nobody = await callFor(await as('nobody'), operation)
    if (permission !== undefined) expect(nobody.status).toBe(403)
    expectNothingOfOthers(nobody, 'without any permission')
    if (permission === undefined) return
    const without = await callFor(await as(idOf('without', permission)), operation)
    expect(without.status).toBe(403)
    expectNothingOfOthers(without, `without ${permission}`)
  })
})

describe('a member of one group sees and changes nothing of another', () => {
  test.each(everyOne)('%s', async (id) => {
    const operation = find(id)
    if (operation.permission === undefined) return
    const isPlain = Object.keys(operation.inPath).length === 0
    for (const name of groupPermissions) {
      const answer = await callFor(await as(idOf('member', name)), operation)
      expectNothingOfOthers(answer, `a member with ${name}`)
      // Lists and searches are empty of others' things; everything else is refused, some of it as if nothing were there (412).
      if (!isPlain || operation.method !== 'GET') expect([403, 404, 409, 412, 422], name).toContain(answer.status)
      if (id === 'clients.list' && name === 'view')
        expect(answer.body.items).toMatchObject([{ client_id: idOf('own', 'view') }])
      if (id === 'clients.count' && name === 'view') expect(answer.body.count).toBe(1)
    }
  })

  test.each([
    '/clients?search=their',
    '/clients?owner=planted',
    '/clients?tag=planted',
    '/apis?owner=planted',
    '/apis?search=https',
    '/credentials?client=their-client',
    '/usage?by=client',
    '/usage?client=their-client&by=credential',
    '/usage?owner=planted&by=api',
    '/usage/top?owner=planted',
    '/audit/events?client=their-client',
    `/audit/events?api=${encodeURIComponent(THEIRS.audience)}`,
  ])('%s is empty', async (path) => {
    const answer = await (await as('member-view'))('GET', path)
    expect(answer).toMatchObject({ status: 200, body: { items: [] } })
  })

  test.each(['/counts/clients?owner=planted', '/counts/credentials?client=their-client'])('%s is 0', async (path) => {
    expect((await (await as('member-view'))('GET', path)).body).toEqual({ count: 0, is_more: false })
  })
})

describe('the permission alone is enough to read', () => {
  const reads = operations.filter(
    ({ method, access }) => method === 'GET' && access !== 'member' && access !== 'public',
  )
  test.each(reads.map(({ id, access }) => [id, access] as [string, Permission]))(
    '%s with %s',
    async (id, permission) => {
      const operation = find(id)
      expect(operation.permission).toBe(permission)
      const { status } = await callFor(await as(idOf('only', permission)), operation)
      // These are about a client, too, which the caller can't see, or about a key that is not there.
      expect(status).toBe(
        ['usage.credentials', 'apis.sample-token', 'apis.clients', 'keys.effect'].includes(id) ? 404 : 200,
      )
    },
  )
})
