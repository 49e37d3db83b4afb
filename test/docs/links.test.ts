import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'
import { anchorOf } from '../../scripts/site/anchors.ts'

const list = (...patterns: string[]): readonly string[] =>
  execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', ...patterns], { encoding: 'utf8' })
    .split('\n')
    .filter((path) => path !== '' && existsSync(path))

const pages = list('*.md')

const withoutCode = (page: string): string => page.replaceAll(/^( *)```[\s\S]*?^\1``` *$|`[^`\n]*`/gm, '')

/** The targets of `[text](target)` and of `src="target"`. */
const targetsOf = (page: string): readonly string[] =>
  [...withoutCode(page).matchAll(/\]\(([^)\s]+)\)|\b(?:src|srcset|href)="([^"]+)"|<(https?:[^>\s]+)>/g)].map(
    ([, markdown, html, bare]) => markdown ?? html ?? bare ?? '',
  )

const isExternal = (target: string): boolean => /^(?:[a-z][a-z+.-]*:|\/\/)/i.test(target)
const linksOf = (page: string): readonly string[] => targetsOf(page).filter((target) => !isExternal(target))

/** The reason why an external link has a wrong form, or undefined. Nothing is fetched. */
function faultOfExternal(target: string): string | undefined {
  const url = URL.parse(target)
  if (url?.protocol !== 'https:') return `${target}: must begin with https://`
  if (url.username !== '' || url.port !== '') return `${target}: has a user or a port`
  return /^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}$/.test(url.hostname)
    ? undefined
    : `${target}: leads to no public host`
}

/** The anchors that GitHub makes from headings: lower case, without punctuation, spaces as hyphens. */
function anchorsOf(page: string): ReadonlySet<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of page.replaceAll(/^( *)```[\s\S]*?^\1``` *$/gm, '').matchAll(/^#+ (.+)$/gm)) {
    const anchor = anchorOf(heading)
    let name = anchor
    for (let count = 1; anchors.has(name); count += 1) name = `${anchor}-${count}`
    anchors.add(name)
  }
  return anchors
}

/** The reason why a link of a page is broken, or undefined if it isn't. */
function faultOf(from: string, target: string): string | undefined {
  const [path = '', anchor] = target.split('#')
  const to = path === '' ? from : normalize(join(dirname(from), path))
  if (!existsSync(to)) return `${target}: no such file`
  if (anchor === undefined) return undefined
  if (statSync(to).isDirectory() || !anchorsOf(readFileSync(to, 'utf8')).has(anchor)) return `${target}: no such anchor`
  return undefined
}

test.each(pages)('every link of %s leads to a file and an anchor', (page) => {
  const faults = linksOf(readFileSync(page, 'utf8')).flatMap((target) => faultOf(page, target) ?? [])
  expect(faults).toEqual([])
})

test.each(pages)('every external link of %s has the form of one', (page) => {
  const external = targetsOf(readFileSync(page, 'utf8')).filter(isExternal)
  expect(external.flatMap((target) => faultOfExternal(target) ?? [])).toEqual([])
})

describe('a broken link is found', () => {
  test.each([
    ['docs/nowhere.md', 'docs/nowhere.md: no such file'],
    ['docs/operating/storage.md#nowhere', 'docs/operating/storage.md#nowhere: no such anchor'],
    ['docs#nowhere', 'docs#nowhere: no such anchor'],
    ['docs/operating/storage.md#clean-up', undefined],
    ['docs/operating/keys.md#a-key-that-cant-be-used', undefined],
    ['docs', undefined],
    ['src/cli/main.ts', undefined],
    ['src/cli/main.ts#L12', 'src/cli/main.ts#L12: no such anchor'],
    ['docs/assets/nowhere.svg', 'docs/assets/nowhere.svg: no such file'],
  ])('%s', (target, fault) => {
    expect(faultOf('README.md', target)).toBe(fault)
  })

  test.each([
    ['https://www.rfc-editor.org/rfc/rfc6749#section-4.4', undefined],
    ['http://www.rfc-editor.org/', 'http://www.rfc-editor.org/: must begin with https://'],
    ['//example.com/', '//example.com/: must begin with https://'],
    ['https://localhost:9031/', 'https://localhost:9031/: has a user or a port'],
    ['https://host/', 'https://host/: leads to no public host'],
  ])('outside: %s', (target, fault) => {
    expect(faultOfExternal(target)).toBe(fault)
  })

  test('in Markdown and in HTML, but not in code or external ones', () => {
    const page = '[a](b.md) <img src="c.svg"> `[d](e.md)` [f](https://example.com)\n```sh\n[g](h.md)\n```\n'
    expect(linksOf(page)).toEqual(['b.md', 'c.svg'])
  })
})

test('every page named in source, tests and other files exists', () => {
  const named = list('src', 'test', 'bench', 'simulation', 'scripts', 'deploy', 'examples', 'tessera')
    .filter((path) => !path.endsWith('.md') && path !== 'test/docs/links.test.ts')
    .flatMap((path) =>
      [...readFileSync(path, 'utf8').matchAll(/(?<![\w/.:-])docs\/[\w/.-]+\.md/g)].map(([page]) => `${path}: ${page}`),
    )
  expect(named.length).toBeGreaterThan(20)
  expect(named.filter((line) => !existsSync(line.replace(/^.*: /, '')))).toEqual([])
})
