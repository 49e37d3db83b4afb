import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Permission, permissions, roles } from '../../src/management/authority/permissions.ts'
import { type Console, closeBrowser, goWithin, startConsole, untilLoaded } from '../harness/browser.ts'
import { basic } from '../harness/server.ts'

const SECRET = 'a secret that somebody chose once'
const MARKUP = '<img src=x onerror=alert(1)>'
/** Turns the text after it to run from right to left. */
const TURNED = 'evil\u202egnp.exe'

const manifest = `
apis: [{ audience: https://api.example.com, name: Orders, scopes: [{ name: read }] }]
clients:
  - { client_id: ours, owner: shop, scopes: [read], credentials: [{ label: first, secret_env: SECRET }] }
  - { client_id: others, owner: others, scopes: [read], credentials: [{ label: first, secret_env: SECRET }] }
`

let console: Console
beforeAll(async () => {
  console = await startConsole({ manifest, env: { SECRET } })
})
afterAll(async () => {
  await console.stop()
  await closeBrowser()
})

const API = `/apis/${encodeURIComponent('https://api.example.com')}`

const tabs = (path: string, names: readonly string[]): readonly string[] => names.map((tab) => `${path}?tab=${tab}`)
const clientTabs = ['settings', 'permissions', 'credentials', 'activity', 'danger']
const pages = [
  '/',
  '/welcome',
  '/clients',
  ...tabs('/clients/ours', clientTabs),
  ...tabs('/clients/others', clientTabs),
  '/clients/new',
  '/rotation',
  '/apis',
  ...tabs(API, ['scopes', 'token', 'verify', 'access', 'danger']),
  '/lab',
  '/keys',
  '/audit',
  '/plans',
  ...['', '/administrators', '/groups', '/sessions', '/sign-on', '/tenants', '/files'].map(
    (part) => `/settings${part}`,
  ),
]

/** Things to press, with the permission that each takes. */
const acts: readonly (readonly [path: string, name: string | RegExp, permission: Permission])[] = [
  ['/clients', 'New client', 'clients:write'],
  ['/clients/ours?tab=credentials', 'Add credential', 'credentials:write'],
  ['/clients/ours?tab=credentials', 'Actions for first', 'credentials:rotate'],
  ['/clients/ours?tab=danger', /^Delete/, 'clients:delete'],
  ['/clients/others?tab=credentials', 'Add credential', 'credentials:write'],
  ['/clients/others?tab=credentials', 'Actions for first', 'credentials:rotate'],
  ['/clients/others?tab=danger', /^Delete/, 'clients:delete'],
  ['/apis', 'New API', 'apis:write'],
  [`${API}?tab=scopes`, 'Add a scope', 'apis:write'],
  [`${API}?tab=danger`, /^Delete/, 'apis:delete'],
  ['/keys', /^Rotate/, 'keys:write'],
]

/** Goes to a page within the console, and waits until nothing of it is loading. */
async function show(page: Page, path: string): Promise<void> {
  await goWithin(page, path)
  await page.getByRole('main').getByRole('heading', { level: 1 }).waitFor()
  await page.waitForLoadState('networkidle')
  await untilLoaded(page)
}

test.each(['auditor', 'operator', 'admin', 'member'] as const)(
  'an account as %s sees what it may, and nothing to press that the server refuses',
  async (person) => {
    const ofGroup = ['view', 'rotate'] as const
    const id = `the-${person}`
    const page = await console.open('/keys', { role: person })
    page.setDefaultTimeout(20_000)
    if (person === 'member')
      await console.call('PUT', '/groups/shop', { members: [{ kind: 'account', id, permissions: ofGroup }] })
    await page.reload()
    const refused: string[] = []
    page.on('response', (answer) => {
      if (answer.status() === 403) refused.push(`${new URL(page.url()).pathname} asks for ${answer.url()}`)
    })
    for (const path of pages) await show(page, path)
    expect(refused).toEqual([])

    const may = (permission: Permission, path: string): boolean =>
      roles[person === 'member' ? 'auditor' : person].includes(permission) ||
      (person === 'member' &&
        path.startsWith('/clients/ours') &&
        ofGroup.some((one) => one === permissions[permission].within))
    for (const [path, name, permission] of acts) {
      await show(page, path)
      const main = page.getByRole('main')
      const things = main.getByRole('button', { name }).or(main.getByRole('link', { name }))
      const enabled = (await things.all()).map((one) => one.isEnabled())
      const isOffered = (await Promise.all(enabled)).includes(true)
      expect([path, name, isOffered]).toEqual([path, name, may(permission, path)])
    }
    expect(console.complaints).toEqual([])
  },
)

test('markup in names is text everywhere, and a name that turns its direction is refused', async () => {
  const id = `${MARKUP}-id`
  const audience = `https://api.example.com/${MARKUP.replaceAll(' ', '')}`
  const scope = '<b>scope</b>'
  const made = [
    await console.call('POST', '/apis', { audience, name: MARKUP, scopes: [{ name: scope, description: MARKUP }] }),
    await console.call('POST', '/clients', {
      client_id: id,
      name: MARKUP,
      description: MARKUP,
      owner: MARKUP,
      tags: [MARKUP],
      grants: [{ api: audience, scopes: [scope] }],
      credentials: [{ label: MARKUP, secret: SECRET }],
    }),
    await console.call('POST', '/clients', { client_id: 'turned', name: TURNED, tags: [TURNED] }),
  ]
  expect(made.map(({ status }) => status)).toEqual([201, 201, 422])
  const refused = await console.server.token({ grant_type: 'client_credentials' }, basic(id, MARKUP))
  const why = refused.headers.get('x-request-id') ?? ''
  await console.server.audit(why)

  const page = await console.open('/keys')
  page.setDefaultTimeout(20_000)
  const alerts: string[] = []
  page.on('dialog', (dialog) => {
    alerts.push(dialog.message())
    void dialog.dismiss()
  })
  const client = `/clients/${encodeURIComponent(id)}`
  const api = `/apis/${encodeURIComponent(audience)}`
  const seen: readonly (readonly [string, string])[] = [
    ['/', 'Refusals by reason'],
    ['/clients', id],
    [`/clients?owner=${encodeURIComponent(JSON.stringify([MARKUP]))}`, id],
    ...clientTabs.map((tab): [string, string] => [`${client}?tab=${tab}`, id]),
    [`${client}?tab=credentials`, MARKUP],
    [`${client}?tab=permissions`, scope],
    [`${client}?tab=danger&dialog=delete`, id],
    ['/rotation', MARKUP],
    ['/apis', MARKUP],
    [api, scope],
    [`${api}?tab=access`, id],
    [`${api}?tab=danger`, MARKUP],
    [`/audit?why=${why}`, id],
  ]
  for (const [path, text] of seen) {
    await show(page, path)
    await page
      .getByText(text)
      .or(page.locator(`input[value=${JSON.stringify(text)}]`))
      .first()
      .waitFor()
    expect(await page.locator('img[src=x], main b:text-is("scope")').count()).toBe(0)
  }
  expect(alerts).toEqual([])
  expect(console.complaints).toEqual([])
})
