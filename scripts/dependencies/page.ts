/** The page about every package that runs in production. */

import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { closureOf, directOf, type Package, sizeOf } from './lock.ts'
import { buildTools, type Justified, ofConsole, ofProgram } from './table.ts'

/** The packages that run in the server, the command line and the browser. */
export const shipped = {
  program: closureOf(directOf('')),
  console: closureOf(
    directOf('console').filter((name) => !buildTools.includes(name)),
    'console',
  ),
} as const

export function dependenciesPage(): string {
  const all = [...new Map([...shipped.program, ...shipped.console].map((one) => [one.path, one])).values()]
  const direct = new Set([...Object.keys(ofProgram), ...Object.keys(ofConsole)])
  return [
    '# Dependencies',
    '',
    'Generated from `package-lock.json` and `scripts/dependencies/table.ts`.',
    '',
    'Each package below runs in production. We add one only if it is maintained, has few dependencies of its own, and if we know how it',
    'fails. Versions are exact, and the script of no package is run at installation. Cryptography is that of Node.',
    '',
    `The published package installs ${shipped.program.length} packages (${megabytes(shipped.program)}).`,
    `The bundle of the console is made of parts of ${shipped.console.length} packages, whose licences lie beside it`,
    '(`THIRD_PARTY_LICENSES.txt`).',
    '',
    '## Server and command line',
    '',
    ...justifiedTable(ofProgram, ''),
    '',
    '## Console',
    '',
    ...justifiedTable(ofConsole, 'console'),
    '',
    'A checkout also installs Node itself, from the npm registry: [decision 1](../decisions/0001-node-from-the-registry.md). The published',
    'package does not, and runs on the Node of its machine.',
    '',
    '## Packages of packages',
    '',
    'A test fails if one of these, or of those above, has a licence other than',
    `${allowedLicenses.join(', ')}.`,
    '',
    '| package | version | licence | kB | in |',
    '| --- | --- | --- | --- | --- |',
    ...all
      .filter(({ name }) => !direct.has(name))
      .toSorted((one, other) => (one.name < other.name ? -1 : 1))
      .map((one) => {
        const places = [
          shipped.program.some(({ path }) => path === one.path) && 'server',
          shipped.console.some(({ path }) => path === one.path) && 'console',
        ]
        return `| \`${one.name}\` | ${one.version} | ${one.license} | ${kilobytes([one])} | ${places.filter(Boolean).join(', ')} |`
      }),
    '',
  ].join('\n')
}

/** Licences that let everybody ship the work, and ask for no more than a notice. */
const allowedLicenses = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Python-2.0',
  'Unlicense',
] as const

/** Whether an SPDX expression offers an allowed licence. `AND` asks for all of its parts. */
export const isAllowed = (expression: string): boolean =>
  expression
    .replaceAll(/[()]/g, '')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((one) => allowedLicenses.some((allowed) => allowed === one.trim())))

function justifiedTable(table: Readonly<Record<string, Justified>>, from: '' | 'console'): readonly string[] {
  return [
    '| package | kept by | purpose | if it fails | licence | kB | packages of its own |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...directOf(from).map((name) => {
      const entry = table[name]
      const closure = closureOf([name], from)
      const own = closure.find((one) => one.name === name)
      if (entry === undefined || own === undefined)
        throw new Error(`${name} is a dependency, but scripts/dependencies/table.ts does not say why`)
      const link = `[\`${name}\`](${repositoryOf(own)}) ${own.version}`
      const others = closure.filter((one) => one !== own && !one.isOptional)
      return `| ${link} | ${entry.keeper} | ${entry.purpose} | ${entry.failure} | ${own.license} | ${kilobytes([own])} | ${others.length === 0 ? 'none' : `${others.length} (${kilobytes(others)} kB)`} |`
    }),
  ]
}

const repository = z.object({ repository: z.union([z.string(), z.object({ url: z.string() })]) })

/** The address of a package's repository. */
function repositoryOf({ path }: Package): string {
  const { repository: given } = repository.parse(JSON.parse(readFileSync(`${path}/package.json`, 'utf8')))
  const url = typeof given === 'string' ? given : given.url
  const [, place] = /^(?:.*github(?:\.com)?[:/])?([\w.-]+\/[\w.-]+?)(?:\.git)?(?:[/#].*)?$/.exec(url) ?? []
  if (place === undefined) throw new Error(`${path} names a repository of an unknown form: ${url}`)
  return `https://github.com/${place}`
}

const kilobytes = (some: readonly Package[]): string => Math.ceil(sum(some) / 1000).toLocaleString('en')

const megabytes = (some: readonly Package[]): string => `${Math.ceil(sum(some) / 1_000_000)} MB`

/** Bytes. Packages for some platforms only are not counted, since other machines lack them. */
const sum = (some: readonly Package[]): number =>
  some.filter(({ isOptional }) => !isOptional).reduce((total, one) => total + sizeOf(one), 0)
