/**
 * Fails where a folder of `src/` imports one that it may not. The first file of each folder says in its first comment
 * what the folder may import; these words are the rule, and must leave no circle: imports point inward only.
 */

import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

const IMPORT = /(?:from|import)\s*\(?\s*'(\.[^']+)'/g

const folderOf = (path: string): string => path.split('/')[1] ?? ''

/** What the words `May import …` allow: names in backticks, or `anything`. */
function readRule(file: string): readonly string[] | undefined {
  const header = /^(?:#!.*\n)?\/\*\*([\s\S]*?)\*\//.exec(readFileSync(file, 'utf8'))?.[1] ?? ''
  const rule = /May\s+import\s+([^.]+)\./.exec(header.replaceAll(/\n\s*\*/g, ' '))?.[1]
  if (rule === undefined) return undefined
  return rule === 'anything' ? ['*'] : [...rule.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)
}

const files = globSync('src/**/*.ts').sort()
const folders = [...new Set(files.map(folderOf))]
const rules = new Map(
  folders.map((folder) => [folder, readRule(files.find((file) => folderOf(file) === folder) ?? '')] as const),
)

const problems: string[] = []
for (const [folder, rule] of rules) {
  if (rule === undefined) problems.push(`src/${folder}: its first file does not begin with what it may import`)
}

for (const file of files) {
  const from = folderOf(file)
  const may = rules.get(from) ?? []
  for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
    const to = folderOf(normalize(join(dirname(file), path)))
    if (to !== from && !may.includes('*') && !may.includes(to)) problems.push(`${file}: ${from} may not import ${to}`)
  }
}

function visit(folder: string, path: readonly string[]): void {
  if (path.includes(folder)) problems.push(`these import each other: ${[...path, folder].join(' > ')}`)
  else for (const next of rules.get(folder) ?? []) visit(next, [...path, folder])
}
for (const folder of folders) visit(folder, [])

if (problems.length > 0) {
  process.stderr.write(`${[...new Set(problems)].join('\n')}\n`)
  process.exitCode = 1
}
