import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EXIT_CODES } from '../../src/cli/exit-codes.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { migrateDatabase } from '../../src/store/open.ts'
import { commandsOf, runTessera } from '../harness/program.ts'

let folder: string
let storage: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-mistakes-'))
  storage = `sqlite:${join(folder, 'tessera.db')}`
  await migrateDatabase(storage, systemClock)
})
afterAll(() => rmSync(folder, { recursive: true }))

const TOKEN = `eyJ${'hbGciOiJFUzI1NiJ9'.repeat(2)}.eyJzdWIiOiJhIn0.c2lnbmF0dXJl`
const SECRET = `tss_${'0aB'.repeat(17)}`
/** A chosen secret, which looks like any name. */
const CHOSEN = 'correct-horse-battery'

const run = (...args: readonly string[]) => runTessera(args, { TESSERA_STORAGE: storage })

describe('an error is one line with a suggestion and the help command', () => {
  test.each<[readonly string[], readonly string[]]>([
    [['encrypt'], ["error: unknown command 'encrypt'", '(tessera --help lists the commands)']],
    [['aply'], ["error: unknown command 'aply'", '(Did you mean apply?)', '(tessera --help lists the commands)']],
    [
      ['credentials', 'rotat'],
      ["error: unknown command 'rotat'", '(Did you mean rotate?)', '(tessera credentials --help lists the commands)'],
    ],
    [
      ['help', 'credentials', 'rotat'],
      ["error: unknown command 'rotat'", '(Did you mean rotate?)', '(tessera credentials --help lists the commands)'],
    ],
    [
      ['credentials', 'rotate'],
      ["error: missing required argument 'client-id'", '(tessera credentials rotate --help lists the arguments)'],
    ],
    [
      ['clients', 'list', '--reason'],
      ["error: unknown option '--reason'", '(tessera clients list --help lists the arguments)'],
    ],
    [
      ['clients', 'list', '--jsno'],
      ["error: unknown option '--jsno'", '(Did you mean --json?)', '(tessera clients list --help lists the arguments)'],
    ],
    [
      ['clients', 'list', '--configg', 'x'],
      [
        "error: unknown option '--configg'",
        '(Did you mean --config?)',
        '(tessera clients list --help lists the arguments)',
      ],
    ],
    [
      ['clients', 'list', '--json=yes'],
      ["error: option '--json' takes no value", '(tessera clients list --help lists the arguments)'],
    ],
    [['a\nb\u001b[31m'], ["error: unknown command 'a\\u000ab\\u001b[31m'", '(tessera --help lists the commands)']],
  ])('%j', async (args, lines) => {
    expect(await run(...args)).toEqual({ code: 2, stdout: '', stderr: `${lines.join('\n')}\n` })
  })
})

describe('tessera help', () => {
  test.each<[readonly string[], string]>([
    [['help'], 'Usage: tessera [options] [command]'],
    [['help', 'credentials'], 'Usage: tessera credentials [options] [command]'],
    [['help', 'credentials', 'rotate'], 'Usage: tessera credentials rotate [options] <client-id> [credential]'],
    [['credentials', 'help', 'rotate'], 'Usage: tessera credentials rotate [options] <client-id> [credential]'],
  ])('%j', async (args, usage) => {
    const { code, stdout, stderr } = await run(...args)
    expect({ code, usage: stdout.split('\n')[0], stderr }).toEqual({ code: 0, usage, stderr: '' })
  })
})

describe('secrets given as arguments are never shown', () => {
  test('beyond the command’s arguments, or as the value of an unknown option', async () => {
    const commands = [...commandsOf()].filter(([name]) => name !== 'help')
    expect(commands.length).toBeGreaterThan(25)
    for (const [name, command] of commands) {
      const takesMany = command.registeredArguments.some(({ variadic }) => variadic)
      const needed = command.registeredArguments.map(() => 'x')
      const options = command.options.filter(({ mandatory }) => mandatory).flatMap(({ long }) => [`${long}`, 'x'])
      for (const given of [TOKEN, SECRET, CHOSEN]) {
        for (const wrong of [[given], [`--token=${given}`], [`-p${given}`]]) {
          const { code, stdout, stderr } = await run(...name.split(' '), ...needed, ...options, ...wrong)
          expect({ name, code, stdout }).toEqual({ name, code: 2, stdout: '' })
          expect(stderr).not.toContain(given)
          const mistake = /^error: (too many arguments|unknown option|option '--token' takes no value)/
          expect(stderr).toMatch(takesMany && wrong[0] === given ? /^tessera: that is not a request id/ : mistake)
        }
      }
    }
  })

  const named: readonly (readonly string[])[] = [
    ['SECRET'],
    ['explain', 'SECRET'],
    ['clients', 'show', 'SECRET'],
    ['clients', 'disable', 'SECRET', '--yes'],
    ['credentials', 'list', 'SECRET'],
    ['credentials', 'add', 'SECRET'],
    ['credentials', 'add', 'a', '--expires', 'SECRET'],
    ['credentials', 'add', 'a', '--secret-env', 'SECRET'],
    ['credentials', 'add', 'a', '--jwks', 'SECRET'],
    ['credentials', 'add', 'a', '--algorithm', 'SECRET'],
    ['credentials', 'rotate', 'a', '--overlap', 'SECRET'],
    ['audit', 'tail', '-n', 'SECRET'],
    ['apply', '-f', 'SECRET'],
    ['token', '--client-id', 'a', '--issuer', 'SECRET'],
    ['token', '--client-id', 'a', '--issuer', 'https://localhost:1', '--secret-file', 'SECRET'],
    ['token', '--client-id', 'a', '--issuer', 'https://localhost:1', '--secret-env', 'SECRET'],
    ['revoke', '--jti', 'SECRET'],
    ['revoke', '--client', 'SECRET'],
    ['revoke', '--api', 'SECRET'],
    ['revoke', '--key', 'SECRET'],
    ['federate', 'test', '--client', 'SECRET'],
    ['clients', 'list', '-c', 'SECRET'],
    ['config', 'check', '--issuer', 'SECRET'],
  ]
  test.each(named)('in the place of a name: %s %s %s %s', async (...words) => {
    for (const given of [TOKEN, SECRET]) {
      const { code, stdout, stderr } = await run(...words.map((word) => (word === 'SECRET' ? given : word)))
      expect(stdout).toBe('')
      expect(Object.values(EXIT_CODES)).toContain(code)
      expect(stderr).not.toBe('')
      expect(stderr).not.toContain(given)
      expect(stderr).not.toContain(given.slice(5))
    }
  })
})
