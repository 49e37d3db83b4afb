/**
 * Fails if a file of `src/` imports from a folder that the README of its own folder does not list. Each README has three lines:
 * its purpose, the folders it may import, the place of a new thing of its kind. The second line is the rule. Imports form no
 * circle: not between files, not between folders, and not between the top folders. The table in `console/README.md` has the rules
 * of the console.
 */

import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { circlesOf } from './circles.ts'
import { badImportsOfConsole } from './console-imports.ts'

const IMPORT = /(?:from|import)\s*\(?\s*'(\.[^']+)'/g
const HEADING_AND_THREE_LINES = /^# (.+)\n\n- .+\n- It may import (.+)\.\n- .+\n$/

const folderOf = (file: string): string => dirname(file).slice('src/'.length)
const topOf = (file: string): string => folderOf(file).split('/')[0] ?? ''

interface Rule {
  readonly anything: boolean
  readonly folders: ReadonlySet<string>
}

/** The rule in the README of a folder; undefined if the README has another form. */
function readRule(folder: string): Rule | undefined {
  const path = `src/${folder}/README.md`
  const [, heading, words = ''] = HEADING_AND_THREE_LINES.exec(existsSync(path) ? readFileSync(path, 'utf8') : '') ?? []
  if (heading !== folder) return undefined
  const folders = new Set([...words.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name))
  return { anything: words === 'anything', folders }
}

/** The files that each file imports. */
const readImports = (files: readonly string[]): ReadonlyMap<string, readonly string[]> =>
  new Map(
    files.map((file) => [
      file,
      [...readFileSync(file, 'utf8').matchAll(IMPORT)].map(([, path = '']) => normalize(join(dirname(file), path))),
    ]),
  )

const files = globSync('src/**/*.ts').sort()
const imports = readImports(files)
const ofConsole = readImports(globSync('console/src/**/*.{ts,tsx}').sort())

const problems: string[] = []
for (const folder of new Set(files.map(folderOf))) {
  const rule = readRule(folder)
  if (rule === undefined) {
    problems.push(
      `src/${folder}/README.md: must be a heading, "# ${folder}", and three lines; the second: "- It may import …."`,
    )
    continue
  }
  const used = new Set<string>()
  for (const file of files.filter((one) => folderOf(one) === folder)) {
    for (const to of imports.get(file)?.map(folderOf) ?? []) {
      used.add(to)
      if (to !== folder && !rule.anything && !rule.folders.has(to))
        problems.push(`${file}: ${folder} may not import ${to}`)
    }
  }
  for (const unused of [...rule.folders].filter((name) => !used.has(name))) {
    problems.push(`src/${folder}/README.md: allows ${unused}, which no file imports: remove it`)
  }
}

problems.push(...badImportsOfConsole(readFileSync('console/README.md', 'utf8'), ofConsole))

/** The imports between groups of files: `nameOf` returns the group of a file. */
function graphOf(
  between: ReadonlyMap<string, readonly string[]>,
  nameOf = (file: string) => file,
): Map<string, Set<string>> {
  const graph = new Map<string, Set<string>>()
  for (const [file, targets] of between) {
    const from = nameOf(file)
    const to = graph.get(from) ?? new Set()
    for (const target of targets.map(nameOf)) if (target !== from) to.add(target)
    graph.set(from, to)
  }
  return graph
}

for (const graph of [graphOf(imports), graphOf(imports, folderOf), graphOf(imports, topOf), graphOf(ofConsole)]) {
  for (const circle of circlesOf(graph)) problems.push(`these import each other: ${circle.join(' > ')}`)
}

if (problems.length > 0) {
  process.stderr.write(`${[...new Set(problems)].join('\n')}\n`)
  process.exitCode = 1
}
