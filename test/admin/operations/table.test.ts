import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { API_ROOT, operationFinder } from '../../../src/admin/api/find-operation.ts'
import { openApiDocument } from '../../../src/admin/api/openapi.ts'
import { findOperation } from '../../../src/admin/operations/find.ts'
import { parseBody, parsePath, parseQuery } from '../../../src/admin/operations/input.ts'
import type { Operation } from '../../../src/admin/operations/operation.ts'
import { operations } from '../../../src/admin/operations/operations.ts'
import { permissionNames, permissions } from '../../../src/management/authority/permissions.ts'
import { startTestServer, type TestServer } from '../../harness/server.ts'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']
/**
 * Permissions of no operation. `groups:act` lets a program act in its groups, `grants:write` decides which scopes a written client may
 * gain, and `metrics:read` is for `/metrics`, which is not in the table.
 */
const OF_NO_OPERATION = ['groups:act', 'grants:write', 'metrics:read']

const named = operations.map((operation) => [operation.id, operation] as const)
const namesIn = (path: string): readonly string[] => [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)

/** The path with the parameters of the example. */
const examplePath = ({ path, example }: Operation): string =>
  API_ROOT + path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(example.path?.[name] ?? ''))

describe('the table of operations', () => {
  test('has no id, and no method of a path, twice', () => {
    const ids = operations.map(({ id }) => id)
    expect(ids).toEqual([...new Set(ids)])
    // Two templates that differ in the name of a parameter alone are the same path.
    const places = operations.map(({ method, path }) => `${method} ${path.replace(/\{\w+\}/g, '{}')}`)
    expect(places).toEqual([...new Set(places)])
  })

  test('has an operation for each permission, and no other permission', () => {
    const used = operations.flatMap(({ access }) => (access === 'public' || access === 'member' ? [] : [access]))
    expect(permissionNames.filter((name) => !used.includes(name))).toEqual(OF_NO_OPERATION)
    expect(used.filter((name) => !Object.hasOwn(permissions, name))).toEqual([])
  })

  test.each(named)('has %s where commands look for it', async (id, operation) => {
    expect(await findOperation(id)).toBe(operation)
  })

  test.each(['clients.none', 'none.list'])('has no %s', async (id) => {
    await expect(findOperation(id)).rejects.toThrow(`there is no operation ${id}`)
  })

  test('is the OpenAPI document', () => {
    const { paths = {} } = openApiDocument(operations)
    const described = Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item ?? {}).map(([method, { operationId }]) => `${method} ${path} ${operationId}`),
    )
    const inTable = operations.map(({ id, method, path }) => `${method.toLowerCase()} ${API_ROOT}${path} ${id}`)
    expect(described.sort()).toEqual(inTable.sort())
  })
})

describe('an operation agrees with itself', () => {
  test.each(named)('%s: the parameters of the path', (_, { path, parameters, example }) => {
    expect(namesIn(path)).toEqual([...new Set(namesIn(path))])
    expect(Object.keys(parameters.shape).sort()).toEqual([...namesIn(path)].sort())
    expect(Object.keys(example.path ?? {}).sort()).toEqual([...namesIn(path)].sort())
  })

  test.each(named)('%s: the example', (_, { parameters, query, body, answer, example }) => {
    expect(() => parsePath(parameters, example.path ?? {})).not.toThrow()
    expect(() => parseQuery(query, new URLSearchParams(example.query))).not.toThrow()
    if (body !== undefined) expect(() => parseBody(body, example.body)).not.toThrow()
    if (answer === undefined) expect(example.answer).toBeUndefined()
    else expect(answer.safeParse(example.answer).error?.issues).toBeUndefined()
  })

  test.each(named)('%s: the method, the condition and the status', (_, { method, isConditional, status, answer }) => {
    if (method === 'GET') expect(isConditional).toBe(false)
    if (method === 'PUT' || method === 'PATCH') expect(isConditional).toBe(true)
    expect(answer === undefined).toBe(status === 204)
  })

  const find = operationFinder(operations)
  test.each(named)('%s: the router finds it', (_, operation) => {
    const found = find(examplePath(operation))
    expect(found?.operations.get(operation.method)).toBe(operation)
    expect(found?.parameters).toEqual(operation.example.path ?? {})
  })
})

describe('other methods', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer()
  })
  afterAll(() => server.stop())

  test.each([...Map.groupBy(operations, examplePath)])('of %s are answered 405 with Allow', async (path, here) => {
    const allowed: string[] = here.map(({ method }) => method)
    if (allowed.includes('GET')) allowed.push('HEAD')
    for (const method of METHODS.filter((one) => !allowed.includes(one))) {
      const answer = await fetch(server.admin + path, { method })
      expect(answer.status, method).toBe(405)
      expect((answer.headers.get('allow') ?? '').split(', ').sort()).toEqual([...allowed].sort())
      if (method === 'HEAD') continue
      expect(answer.headers.get('content-type')).toBe('application/problem+json')
      expect(await answer.json()).toMatchObject({ status: 405, request_id: expect.any(String) })
    }
  })
})
