import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { applyManifest } from '../../../../src/management/manifest/apply.ts'
import { parseManifest } from '../../../../src/management/manifest/reading/parse.ts'
import { PlanRefused } from '../../../../src/management/manifest/refused.ts'
import { noSecrets } from '../../../../src/management/manifest/secret-source.ts'
import { TEST_SETTINGS } from '../../../harness/apply-settings.ts'
import { makeModel, type TestContext } from '../../setting.ts'

const manifest = (scopes: string, expected: string) => `
apis: [{ audience: https://tested.example.com, scopes: [{ name: look }, { name: touch }] }]
clients: [{ client_id: tested, scopes: [${scopes}] }]
tests:
  - { name: it looks, client: tested, resource: https://tested.example.com, gets: { scopes: [${expected}] } }
`

let model: Awaited<ReturnType<typeof makeModel>>
beforeAll(async () => {
  model = await makeModel()
})
afterAll(() => model.remove())

let context: TestContext
let close: () => Promise<void>
beforeEach(async () => {
  ;({ context, close } = await model.copy())
})
afterEach(() => close())

const apply = (text: string, more: object = {}) =>
  applyManifest(context, {
    parsed: parseManifest('m.yaml', text),
    source: noSecrets,
    server: TEST_SETTINGS,
    dryRun: false,
    ...more,
  })

const lastEvent = async () => (await context.store.audit.queryEvents({ limit: 1 })).events[0]

test('a manifest whose tests pass is applied, and says so', async () => {
  const { tests } = await apply(manifest('look', 'look'))
  expect(tests).toMatchObject([{ name: 'it looks', file: 'm.yaml', differences: [] }])
  expect((await lastEvent())?.detail).not.toHaveProperty('failedTests')
})

test('a failing test blocks the change, whose plan names it', async () => {
  const before = await lastEvent()
  const error = await apply(manifest('look, touch', 'look')).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toMatchObject({ kind: 'refused', message: expect.stringContaining('--ignore-tests') })
  expect(error instanceof PlanRefused && error.plan.tests).toMatchObject([
    { differences: [{ expected: 'scopes look', got: 'look touch' }] },
  ])
  expect(await lastEvent()).toEqual(before)
})

test('a plan shows the failing test, and is no error', async () => {
  const { tests } = await apply(manifest('look, touch', 'look'), { dryRun: true })
  expect(tests).toMatchObject([{ differences: [{ expected: 'scopes look', got: 'look touch' }] }])
})

test('a failing test can be overridden, and the audit log names it', async () => {
  await apply(manifest('look, touch', 'look'), { ignoreTests: true })
  expect(await lastEvent()).toMatchObject({ type: 'manifest.apply', detail: { failedTests: ['it looks'] } })
})

test('without an issuer no test can run, and nothing is written', async () => {
  await expect(apply(manifest('look', 'look'), { server: { ...TEST_SETTINGS, issuer: undefined } })).rejects.toThrow(
    /m\.yaml:4:\d+: tests: need the issuer/,
  )
})
