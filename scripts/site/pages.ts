/** The pages of the documentation site: the Markdown of the repository, at other places and with links to these. */

import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, extname, join, normalize, relative } from 'node:path'

/** A page: its file in the repository, and its file on the site. */
export interface SitePage {
  readonly path: string
  readonly place: string
  readonly title: string
}

/** The folders of `docs/` in the order in which a reader meets them, and the question that each answers. */
export const folders: Readonly<Record<string, string>> = {
  start: 'How do I try it, and how do I install it?',
  concepts: 'How does Tessera work?',
  integrating: 'How does my service get a token, and how does my API check it?',
  operating: 'How do I run it?',
  migrating: 'How do I replace another server?',
  reference: 'What does this field, option or reason mean?',
  internals: 'How is the program built?',
  decisions: 'Why is it built that way?',
}
const SOURCES = [
  '*.md',
  'docs/**/*.md',
  'deploy/**/*.md',
  'bench/*.md',
  'console/README.md',
  'simulation/README.md',
  'site/README.md',
  'test/attacks.md',
]
const IMAGES = new Set(['.svg', '.webp', '.png'])

const titleOf = (markdown: string): string => (/^# (.+)$/m.exec(markdown)?.[1] ?? '').replaceAll('`', '')

/** `docs/` is the root of the site. The README of the repository is its first page. */
export function placeOf(path: string): string {
  if (path === 'docs/README.md') return 'contents.md'
  return path
    .replace(/^docs\//, '')
    .toLowerCase()
    .replace(/(^|\/)readme\.md$/, '$1index.md')
}

export function sitePages(): readonly SitePage[] {
  const pages = globSync(SOURCES)
    .sort()
    .map((path) => ({ path, place: placeOf(path), title: titleOf(readFileSync(path, 'utf8')) }))
  const places = new Set(pages.map(({ place }) => place))
  if (places.size < pages.length) throw new Error('two pages have one place on the site')
  return pages
}

/** A part of the navigation. */
export interface Section {
  readonly text: string
  readonly items: readonly { readonly text: string; readonly link: string }[]
}

/** The pages of each folder of `docs/`, the introduction first; then those that are elsewhere. */
export function sectionsOf(pages: readonly SitePage[]): readonly Section[] {
  const byFolder = Map.groupBy(pages, ({ path }) => /^docs\/([^/]+)\//.exec(path)?.[1] ?? '')
  const rankOf = (folder: string) => Object.keys(folders).indexOf(folder)
  const named = [...byFolder]
    .filter(([folder]) => folder !== '')
    .toSorted(([one], [other]) => rankOf(one) - rankOf(other))
  const others = (byFolder.get('') ?? []).filter(({ place }) => place !== 'index.md')
  return [
    ...named.map(([folder, within]) => ({
      text: capital(folder),
      items: within.toSorted(introductionFirst).map(itemOf),
    })),
    { text: 'Project', items: others.map(itemOf) },
  ]
}

const capital = (text: string): string => `${text[0]?.toUpperCase()}${text.slice(1)}`
const isIndex = ({ place }: SitePage): boolean => place.endsWith('/index.md')
const introductionFirst = (one: SitePage, other: SitePage): number => Number(isIndex(other)) - Number(isIndex(one))
const itemOf = ({ title, place }: SitePage) => ({ text: title, link: `/${place.replace(/(?:index)?\.md$/, '')}` })

/**
 * The Markdown of a page with links for its place on the site.
 * @param source the address before the path of a file that is no page; without it, such a link becomes its text
 */
export function adapted(markdown: string, path: string, pages: readonly SitePage[], source?: string): string {
  const places = new Map(pages.map((page) => [page.path, page.place]))
  const toSite = (target: string): string | undefined => {
    const [file = '', anchor] = target.split('#')
    if (/^[a-z]+:/.test(target) || file === '') return target
    const to = normalize(join(dirname(path), file)).replace(/\/$/, '')
    const page = places.get(to) ?? places.get(`${to}/README.md`)
    const place = page ?? (IMAGES.has(extname(to)) ? placeOf(to) : undefined)
    if (place === undefined) return source && `${source}${to}`
    const found = relative(dirname(placeOf(path)), place)
    return `${found.startsWith('.') ? '' : './'}${found}${anchor === undefined ? '' : `#${anchor}`}`
  }
  const withLinks = (text: string): string =>
    text
      .replaceAll(
        /(!?)\[((?:[^[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)/g,
        (_, mark: string, words: string, target: string) => {
          const to = toSite(target)
          return to === undefined ? words : `${mark}[${words}](${to})`
        },
      )
      .replaceAll(/\b(src|href)="([^"]+)"/g, (whole, name: string, target: string) => {
        const to = toSite(target)
        return to === undefined ? whole : `${name}="${to}"`
      })
  // The code of a block has no links. Neither has code within a line, but a link may have code in it.
  return markdown
    .split(/^( *```[\s\S]*?^ *``` *$)/m)
    .map((part, index) => (index % 2 === 1 ? part : withLinks(part)))
    .join('')
}

/** Writes the pages and their images into an empty folder. */
export function writePages(folder: string, source?: string): readonly SitePage[] {
  const pages = sitePages()
  rmSync(folder, { recursive: true, force: true })
  for (const { path, place } of pages) {
    mkdirSync(join(folder, dirname(place)), { recursive: true })
    writeFileSync(join(folder, place), adapted(readFileSync(path, 'utf8'), path, pages, source))
  }
  for (const image of globSync('docs/assets/*').filter((path) => statSync(path).isFile()))
    cpSync(image, join(folder, placeOf(image)))
  cpSync('console/public/tessera.svg', join(folder, 'public/tessera.svg'))
  return pages
}

/** Whether the packages of the site are installed. */
export const isSiteInstalled = (): boolean => {
  const stamp = 'site/node_modules/.installed-lock.json'
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === readFileSync('site/package-lock.json', 'utf8')
}
