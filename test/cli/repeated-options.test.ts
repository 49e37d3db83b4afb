import type { Command, Option } from 'commander'
import { describe, expect, test } from 'vitest'
import { program } from '../../src/cli/main.ts'
import { runTessera } from '../harness/program.ts'

interface Case {
  readonly path: readonly string[]
  readonly option: Option
  /** The other arguments of the command. */
  readonly args: readonly string[]
}

/** Every option of every command. */
function casesOf(command: Command, path: readonly string[] = []): readonly Case[] {
  const needed = [
    ...command.registeredArguments.filter(({ required }) => required).map(() => 'x'),
    ...command.options.filter(({ mandatory }) => mandatory).flatMap(({ long }) => [long ?? '', 'x']),
  ]
  return [
    ...command.options.map((option) => ({ path, option, args: needed })),
    ...command.commands.flatMap((subcommand) => casesOf(subcommand, [...path, subcommand.name()])),
  ]
}

const cases = casesOf(program)
const withValue = cases.filter(({ option }) => option.required || option.optional)
/** Options that take several values. */
const COLLECTING = [
  '--file',
  '--resource',
  'dev mint --claim',
  ...['client', 'owner', 'type', 'reason'].map((name) => `audit list --${name}`),
  ...['clients', 'apis', 'credentials'].map((resource) => `${resource} list --owner`),
  ...['client', 'api', 'owner'].map((name) => `export --${name}`),
]

test('there are options to check', () => {
  expect(withValue.length).toBeGreaterThan(100)
})

describe('a single-valued option given twice is refused in one line', () => {
  const single = withValue.filter(
    ({ path, option }) =>
      !COLLECTING.includes(option.long ?? '') && !COLLECTING.includes([...path, option.long].join(' ')),
  )
  const named = single.map((one) => [`tessera ${[...one.path, one.option.long].join(' ')}`, one] as const)
  test.each(named)('%s', async (_name, { path, option, args }) => {
    const long = option.long ?? ''
    const without = args.includes(long) ? args.toSpliced(args.indexOf(long), 2) : args
    const value = option.argChoices?.[0] ?? 'a'
    const { code, stdout, stderr } = await runTessera([...path, ...without, long, value, long, value])
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: '',
      stderr: `tessera: ${long} is given twice, and takes one value\n`,
    })
  })
})

test('also under its short name', async () => {
  const { code, stderr } = await runTessera(['clients', 'list', '-c', 'a', '--config', 'b'])
  expect({ code, stderr }).toEqual({ code: 2, stderr: 'tessera: --config is given twice, and takes one value\n' })
})

test('an earlier run of the command doesn’t count', async () => {
  for (const file of ['/nothing.yaml', '/nothing.yaml']) {
    const { stderr } = await runTessera(['clients', 'list', '-c', file])
    expect(stderr).toBe("tessera: /nothing.yaml can't be read: there is no such file or folder\n")
  }
})
