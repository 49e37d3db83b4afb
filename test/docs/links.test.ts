import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'

const list = (...patterns: string[]): readonly string[] =>
  execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', ...patterns], { encoding: 'utf8' })
    .split('\n')
    .filter((path) => path !== '' && existsSync(path))

const pages = list('*.md')

const withoutCode = (page: string): string => page.replaceAll(/^( *)```[\s\S]*?^\1``` *$|`[^`\n]*`/gm, '')

/** The targets of `[text](target)` and of `src="target"`, without external ones. */
function linksOf(page: string): readonly string[] {
  const found = withoutCode(page).matchAll(/\]\(([^)\s]+)\)|\b(?:src|srcset|href)="([^"]+)"/g)
  return [...found].map(([, markdown, html]) => markdown ?? html ?? '').filter((target) => !/^[a-z]+:/.test(target))
}

/** The anchors that GitHub makes from headings: lower case, without punctuation, spaces as hyphens. */
function anchorsOf(page: string): ReadonlySet<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of page.replaceAll(/^( *)```[\s\S]*?^\1``` *$/gm, '').matchAll(/^#+ (.+)$/gm)) {
    const anchor = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-')
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

describe('a broken link is found', () => {
  test.each([
    ['docs/nowhere.md', 'docs/nowhere.md: no such file'],
    ['docs/operating/storage.md#nowhere', 'docs/operating/storage.md#nowhere: no such anchor'],
    ['docs#nowhere', 'docs#nowhere: no such anchor'],
    ['docs/operating/storage.md#clean-up', undefined],
    ['docs/operating/keys.md#a-key-that-cant-be-used', undefined],
    ['docs', undefined],
  ])('%s', (target, fault) => {
    expect(faultOf('README.md', target)).toBe(fault)
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
