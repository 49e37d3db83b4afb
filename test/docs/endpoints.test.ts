import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  authenticationParameters,
  endpointTable,
  exampleManifest,
  secretVariable,
} from '../../scripts/endpoints/table.ts'
import { parseAuthentication } from '../../src/client-auth/parse-authentication.ts'
import { grants } from '../../src/grants/grants.ts'
import { Form } from '../../src/http/form.ts'
import { endpointNames, endpointPaths } from '../../src/oauth/endpoints.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'

const SECRET = 'a-secret-of-a-client-of-the-page'

let server: TestServer
let token = ''
beforeAll(async () => {
  const clients = ['nightly', 'orders-api']
  const env = Object.fromEntries(clients.map((client) => [secretVariable(client), SECRET]))
  server = await startTestServer({ manifest: exampleManifest, env })
  const response = await server.token({ grant_type: 'client_credentials' }, basic('nightly', SECRET))
  token = ((await response.json()) as { access_token: string }).access_token
})
afterAll(() => server.stop())

/** A form that notes which parameters are read. */
class Noting extends Form {
  readonly names = new Set<string>()

  override get(name: string): string | undefined {
    this.names.add(name)
    return super.get(name)
  }

  override all(name: string): readonly string[] {
    this.names.add(name)
    return super.all(name)
  }
}

test('the page has the parameters of each grant, and no other', () => {
  const read = grants.map(({ grantType, read }) => {
    const form = new Noting(new Map([['token', ['a-token']]]))
    read(form)
    return [grantType, [...form.names].sort()]
  })
  const { parameters } = endpointTable.token
  const described = grants.map(({ grantType }) => [
    grantType,
    parameters
      .filter(({ grants: of }) => of === grantType)
      .map(({ name }) => name)
      .sort(),
  ])
  expect(described).toEqual(read)
})

test('the page has the parameters of client authentication', () => {
  const form = new Noting(new Map())
  parseAuthentication({ authorization: undefined, form, certificate: undefined })
  expect([...form.names].sort()).toEqual([...authenticationParameters].sort())
})

describe.each(endpointNames)('%s', (name) => {
  const { methods, authenticates, examples } = endpointTable[name]

  test.each(endpointPaths[name].map((path) => [path]))('has its methods at %s', async (path) => {
    const response = await fetch(server.issuer + path, { method: 'DELETE' })
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')?.split(', ').sort()).toEqual([...methods].sort())
  })

  test('authenticates clients if the page says so', async () => {
    const method = authenticates ? 'POST' : 'GET'
    const response = await fetch(server.issuer + endpointPaths[name][0], {
      method,
      ...(authenticates && { body: new URLSearchParams({ grant_type: 'client_credentials', token: 'no-token' }) }),
    })
    expect(response.status === 401).toBe(authenticates)
  })

  test.each(examples.map((example) => [example.title, example] as const))(
    'answers the example: %s',
    async (_, example) => {
      const { client, headers, form, status, answer } = example
      const filled = Object.entries(form ?? {}).map(([key, value]) => [key, value === '$TOKEN' ? token : value])
      const response = await fetch(server.issuer + endpointPaths[name][0], {
        method: form === undefined ? 'GET' : 'POST',
        headers: { ...headers, ...(client !== undefined && basic(client, SECRET)) },
        ...(form !== undefined && { body: new URLSearchParams(filled) }),
      })
      expect(response.status).toBe(status)
      const body = await response.text()
      if (typeof answer === 'string') expect(body).toBe(answer)
      else expect(shapeOf(JSON.parse(body))).toMatchObject(shapeOf(answer) as object)
    },
  )
})

/** The names and types of a document. Values stay that are the same in each run. */
const shapeOf = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, KEPT.has(key) ? one : shapeOf(one)]))
  return typeof value
}
const KEPT = new Set(['active', 'aud', 'client_id', 'error', 'scope', 'sub', 'token_type'])
