import { describe, expect, test } from 'vitest'
import { examples } from '../../src/cli/examples.ts'
import { program } from '../../src/cli/main.ts'
import { commandsOf, runTessera } from '../harness/program.ts'

/** Thrown instead of running a command. */
class Parsed extends Error {
  readonly words: string

  constructor(words: string) {
    super(words)
    this.words = words
  }
}

let isParsingOnly = false
program.hook('preAction', (_program, command) => {
  if (!isParsingOnly) return
  const parent = command.parent === program || command.parent === null ? '' : `${command.parent.name()} `
  throw new Parsed(parent + command.name())
})

/** The words of a line, as a shell would split it. The rest of a pipeline is not passed on. */
const wordsOf = (line: string): readonly string[] =>
  [
    ...line
      .replace(/^cat \S+ \| /, '')
      .replace(/ [<>|] .*$/, '')
      .matchAll(/"([^"]*)"|(\S+)/g),
  ].map(([, quoted, plain]) => quoted ?? plain ?? '')

/** The command that a line would run. @throws the mistake of a wrong line */
async function parse(line: string): Promise<string> {
  const [tessera, ...args] = wordsOf(line)
  expect(tessera).toBe('tessera')
  isParsingOnly = true
  try {
    await program.parseAsync(args, { from: 'user' })
    throw new Error('the command ran')
  } catch (error) {
    if (error instanceof Parsed) return error.words
    throw error
  } finally {
    isParsingOnly = false
  }
}

test('each command has an example', () => {
  expect(Object.keys(examples).toSorted()).toEqual([...commandsOf().keys()].toSorted())
})

describe('an example parses as the command that it belongs to, and its help shows it', () => {
  test.each(Object.entries(examples).flatMap(([words, lines]) => lines.map((line) => [words, line] as const)))(
    '%s: %s',
    async (words, line) => {
      expect(await parse(line)).toBe(words)
      const { stdout } = await runTessera(['help', ...words.split(' ')])
      expect(stdout).toContain(`Examples:\n`)
      expect(stdout).toContain(`  ${line}`)
    },
  )

  test('a wrong line does not', async () => {
    await expect(parse('tessera clients list --wrong')).rejects.toThrow('unknown option')
  })
})

test('the options of the configuration are grouped by their section', async () => {
  const { stdout } = await runTessera(['serve', '--help'])
  expect(stdout.match(/^\S.*:$/gm)).toEqual(
    expect.arrayContaining(['Options:', 'Runtime options:', 'TLS options:', 'Examples:']),
  )
})
