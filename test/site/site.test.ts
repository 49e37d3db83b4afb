import { execFileSync } from 'node:child_process'
import { createReadStream, existsSync, globSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { extname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adapted, isSiteInstalled, placeOf, sectionsOf, sitePages } from '../../scripts/site/pages.ts'
import { closeBrowser, openPage } from '../harness/browser.ts'
import { freePort } from '../harness/port.ts'

test.each([
  ['README.md', 'index.md'],
  ['docs/README.md', 'contents.md'],
  ['docs/migrating/README.md', 'migrating/index.md'],
  ['docs/operating/keys.md', 'operating/keys.md'],
  ['SECURITY.md', 'security.md'],
  ['deploy/README.md', 'deploy/index.md'],
])('%s becomes %s', (path, place) => {
  expect(placeOf(path)).toBe(place)
})

describe('the links of a page lead to places of the site', () => {
  const pages = sitePages()
  test.each([
    ['[keys](docs/operating/keys.md#rotation)', '[keys](./operating/keys.md#rotation)'],
    ['[`keys`](docs/operating/keys.md)', '[`keys`](./operating/keys.md)'],
    ['[migrating/](docs/migrating)', '[migrating/](./migrating/index.md)'],
    ['[here](#try-it), [out](https://example.com/a.md)', '[here](#try-it), [out](https://example.com/a.md)'],
    ['<img src="docs/assets/first-token.svg">', '<img src="./assets/first-token.svg">'],
    ['![a](docs/assets/first-token.svg)', '![a](./assets/first-token.svg)'],
    ['see [the source](src/cli/main.ts)', 'see the source'],
    ['```\n[a](src/cli/main.ts)\n```', '```\n[a](src/cli/main.ts)\n```'],
  ])('%s', (before, after) => {
    expect(adapted(before, 'README.md', pages)).toBe(after)
  })

  test('a file that is no page is a link if its address is known', () => {
    expect(adapted('[a](../src/cli/main.ts)', 'docs/README.md', pages, 'https://git.example.com/')).toBe(
      '[a](https://git.example.com/src/cli/main.ts)',
    )
  })
})

test('the navigation has every page but the first, and each once', () => {
  const pages = sitePages()
  const sections = sectionsOf(pages)
  const listed = sections.flatMap(({ items }) => items.map(({ link }) => link))
  expect(new Set(listed).size).toBe(listed.length)
  expect(listed).toHaveLength(pages.length - 1)
  expect(sections.flatMap(({ items }) => items.filter(({ text }) => text === ''))).toEqual([])
})

// The packages of the site take a hundred megabytes, so that `npm test` does not install them: `npm run site` does.
describe.skipIf(!isSiteInstalled())('the built site, after `npm run site` has installed its packages', () => {
  let server: Server
  let origin: string
  beforeAll(async () => {
    execFileSync(process.execPath, ['scripts/site.ts'], { stdio: 'pipe' })
    const port = await freePort()
    server = createServer(({ url = '/' }, response) => {
      const path = decodeURIComponent(new URL(url, 'http://localhost').pathname)
      const file = join('site/dist', path.endsWith('/') ? `${path}index.html` : path)
      if (!existsSync(file)) response.writeHead(404).end()
      else {
        response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' })
        createReadStream(file).pipe(response)
      }
    })
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    origin = `http://127.0.0.1:${port}`
  }, 600_000)
  afterAll(async () => {
    await closeBrowser()
    server?.closeAllConnections()
    await new Promise((resolve) => server?.close(resolve) ?? resolve(undefined))
  })

  test('finds a page by a word of it', async () => {
    const complaints: string[] = []
    const page = await openPage(origin, '/contents.html', {}, new Map(), complaints)
    const foreign: string[] = []
    page.on('request', (request) => {
      if (!request.url().startsWith(origin) && !request.url().startsWith('data:')) foreign.push(request.url())
    })
    await page.keyboard.press('Control+k')
    await page.getByRole('searchbox').fill('introspection')
    await page
      .getByRole('option')
      .filter({ hasText: /Endpoints.*Introspection/ })
      .first()
      .click()
    await page.waitForURL(/endpoints.*#introspection$/)
    expect(foreign).toEqual([])
    expect(complaints).toEqual([])
  })

  test('shows diagrams and images from its own files', async () => {
    const complaints: string[] = []
    const page = await openPage(origin, '/operating/scale.html', { theme: 'dark' }, new Map(), complaints)
    const widths = (await page.evaluate(`
      [...document.querySelectorAll('.diagram img')].filter((one) => one.offsetWidth > 0).map((one) => one.naturalWidth)
    `)) as readonly number[]
    expect(widths).toHaveLength(3)
    expect(Math.min(...widths)).toBeGreaterThan(100)
    expect(complaints).toEqual([])
  })

  test('asks no other host for anything', () => {
    const files = globSync('site/dist/**/*.{html,css}')
    expect(files.length).toBeGreaterThan(80)
    const loads = /(?:src|srcset)="https?:|<link[^>]+href="https?:|url\(['"]?https?:|@import/
    expect(files.filter((file) => loads.test(readFileSync(file, 'utf8')))).toEqual([])
  })
})

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.webp': 'image/webp',
  '.json': 'application/json',
}
