import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { inject } from 'vitest'
import type { Role } from '../../src/management/authority/permissions.ts'
import { startTestServer, type TestServer, type TestServerOptions } from './server.ts'
import { until } from './until.ts'
import { runOn, Visitor } from './visitor.ts'

/** The password of every administrator. */
export const PASSWORD = 'a tessera is a small tile'

/** Started at the first test that needs it. It ends with the process of the tests, or by `closeBrowser`. */
let browser: Promise<Browser> | undefined

/** Chromium, without its graphics process and its sandbox, which containers do not offer. */
async function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: inject('chromium'),
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  })
}

/** Closes the browser of this file. */
export async function closeBrowser(): Promise<void> {
  await (await browser)?.close()
  browser = undefined
}

interface View {
  readonly theme?: 'light' | 'dark'
  /** `narrow` is a phone. */
  readonly width?: 'wide' | 'narrow'
}

const SIZES = { wide: { width: 1280, height: 860 }, narrow: { width: 390, height: 800 } } as const

/** Somebody with a role: the account `the-auditor`, for example. The first administrator is `anna`. A member is an auditor, too. */
type Person = Role | 'member'

/** A console in a browser, over a real server. */
export interface Console {
  readonly server: TestServer
  /** The administrator who was made first. */
  readonly admin: Visitor
  /** Opens a page of the console, signed in with a role. Each call is a browser of its own. */
  open(path: string, view?: View & { readonly role?: Person }): Promise<Page>
  /** Calls the admin API as the first administrator. @param path below `/api/v1` */
  call(method: string, path: string, body?: unknown): Promise<Response>
  /** Messages of browsers that no page may cause: errors of scripts, and violations of the policy. */
  readonly complaints: readonly string[]
  stop(): Promise<void>
}

/** Opens a page in a browser of its own. @param complaints gets errors of scripts, and violations of the policy */
export async function openPage(
  origin: string,
  path: string,
  { theme = 'light', width = 'wide' }: View = {},
  cookies: ReadonlyMap<string, string> = new Map(),
  complaints: string[] = [],
): Promise<Page> {
  browser ??= launch()
  const context = await (await browser).newContext({
    baseURL: origin,
    ignoreHTTPSErrors: true,
    colorScheme: theme,
    viewport: SIZES[width],
    reducedMotion: 'reduce',
    locale: 'en-GB',
    timezoneId: 'UTC',
  })
  for (const [name, value] of cookies)
    await context.addCookies([{ name, value, url: origin, secure: true, httpOnly: true, sameSite: 'Strict' }])
  const page = await context.newPage()
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    if (/Content Security Policy|Warning:/.test(message.text())) complaints.push(message.text())
  })
  await page.goto(path)
  return page
}

/** Parts of a page that are still loading. */
const WAITING = '.mantine-Skeleton-root, [aria-busy=true]'

/** Goes to a page within the console, without loading it anew, and waits until it is the one that is shown. */
export async function goWithin(page: Page, path: string): Promise<void> {
  await page.evaluate(`history.pushState(null, '', ${JSON.stringify(path)})`)
  // The router and the browser encode an address in different ways.
  const plain = (address: string): string => decodeURIComponent(address.replaceAll('+', ' '))
  await until(async () => {
    const [shown, asked] = (await page.evaluate(`[
      document.querySelector('main')?.dataset.at ?? '', location.pathname + location.search,
    ]`)) as [string, string]
    return plain(shown) === plain(asked)
  })
}

/** Waits until nothing of the page is loading. */
export async function untilLoaded(page: Page): Promise<void> {
  await until(async () => (await page.locator(WAITING).count()) === 0)
}

/** Starts a server with an administrator, and offers browsers that are signed in. */
export async function startConsole(options: TestServerOptions = {}): Promise<Console> {
  const server = await startTestServer(options)
  const admin = new Visitor(server.admin)
  await runOn(server.config, ['admin', 'bootstrap', '--name', 'anna'], {}, PASSWORD)
  await admin.post('/sign-in', { name: 'anna', password: PASSWORD })
  const call = await callsOf(server, admin)
  const visitors = new Map<Person, Promise<Visitor>>([['admin', Promise.resolve(admin)]])
  const contexts: BrowserContext[] = []
  const complaints: string[] = []
  return {
    server,
    admin,
    complaints,
    call,
    open: async (path, { role = 'admin', ...view } = {}) => {
      const visitor = await (visitors.get(role) ?? visitors.set(role, signInAs(server, call, role)).get(role))
      const page = await openPage(server.admin, path, view, visitor?.cookies, complaints)
      contexts.push(page.context())
      return page
    },
    stop: async () => {
      for (const context of contexts) await context.close()
      await server.stop()
    },
  }
}

/** Calls of the admin API, as pages of a person send them. */
async function callsOf({ admin }: TestServer, visitor: Visitor): Promise<Console['call']> {
  await visitor.get('/account')
  const csrf = visitor.hidden('csrf')
  return (method, path, body) =>
    fetch(`${admin}/api/v1${path}`, {
      method,
      headers: {
        cookie: [...visitor.cookies].map(([key, value]) => `${key}=${value}`).join('; '),
        'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
        'sec-fetch-site': 'same-origin',
        'x-csrf-token': csrf,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
}

/** Adds an account with a role, and signs in with it. */
async function signInAs(server: TestServer, call: Console['call'], role: Person): Promise<Visitor> {
  const name = `the-${role}`
  const added = await call('POST', '/accounts', { name, roles: [role === 'member' ? 'auditor' : role] })
  const { link } = (await added.json()) as { readonly link: string }
  const visitor = new Visitor(server.admin)
  await visitor.post('/reset', { token: new URL(link).hash.slice(1), password: PASSWORD })
  await visitor.post('/sign-in', { name, password: PASSWORD })
  return visitor
}
