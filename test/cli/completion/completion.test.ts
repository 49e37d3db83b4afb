import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commandsOf, runTessera } from '../../harness/program.ts'

const SHELLS = ['bash', 'zsh', 'fish'] as const
type Shell = (typeof SHELLS)[number]

const isInstalled = (shell: Shell) => spawnSync(shell, ['-c', 'exit 0']).status === 0

let folder: string
const scripts: Partial<Record<Shell, string>> = {}
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-completion-'))
  writeFileSync(join(folder, 'manifest one.yaml'), '')
  for (const shell of SHELLS) {
    const { stdout } = await runTessera(['completion', shell])
    scripts[shell] = join(folder, `script.${shell}`)
    writeFileSync(join(folder, `script.${shell}`), stdout)
  }
})
afterAll(() => rmSync(folder, { recursive: true }))

/** The words that a shell offers at the end of a line, whose last word is perhaps begun. */
const offers: Readonly<Record<Shell, (line: string) => readonly string[]>> = {
  bash: (line) => {
    // Like bash, which takes the sign as a word.
    const words = line.split(/ |(=)/).filter((word) => word !== undefined)
    const program = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tessera; printf '%s\\n' "\${COMPREPLY[@]}"`
    return linesOf(execFileSync('bash', ['-c', program, 'bash', scripts.bash ?? '', ...words], { cwd: folder }))
  },
  // The functions of zsh's completion work only at a prompt. These stand in for them.
  zsh: (line) => {
    const program = `
      _describe() { local one; for one in $items; do print -r -- "\${one%%:*}"; done }
      compadd() { shift; print -rl -- "$@" }
      _files() { print -rl -- * }
      compset() { }
      source "$1"; shift; words=("$@"); CURRENT=$#; _tessera`
    const all = linesOf(
      execFileSync('zsh', ['-f', '-c', program, 'zsh', scripts.zsh ?? '', ...line.split(' ')], { cwd: folder }),
    )
    const begun = line.replace(/^.*[ =]/, '')
    return all.filter((word) => word.startsWith(begun))
  },
  fish: (line) => {
    const program = `source $argv[1]; complete -C $argv[2]`
    const env = { ...process.env, HOME: folder }
    return linesOf(
      execFileSync('fish', ['--no-config', '-c', program, scripts.fish ?? '', line], { cwd: folder, env }),
    ).map((one) => (one.split('\t')[0] ?? '').replace(/^.*=/, '').replaceAll('\\ ', ' '))
  },
}

const linesOf = (output: Buffer): readonly string[] =>
  output
    .toString()
    .split('\n')
    .filter((line) => line !== '')

describe.each(SHELLS)('%s', (shell) => {
  test('the script names each command', async () => {
    const { code, stdout, stderr } = await runTessera(['completion', shell])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const words of commandsOf().keys()) expect(stdout).toContain(`' ${words}'`)
  })

  describe.skipIf(!isInstalled(shell))('completes', () => {
    test.each<[string, readonly string[]]>([
      ['tessera cl', ['clients']],
      ['tessera clients d', ['delete', 'disable']],
      ['tessera clients list --o', ['--output', '--owner']],
      ['tessera clients list --output ', ['json', 'table', 'yaml']],
      ['tessera clients list --output=y', ['yaml']],
      ['tessera -c x clients sh', ['show']],
      ['tessera apply -f man', ['manifest one.yaml']],
      ['tessera keys rotate -a PS', ['PS256']],
      ['tessera credentials add job --label ', []],
    ])('%s', (line, words) => {
      expect([...offers[shell](line)].sort()).toEqual(words)
    })
  })
})

test('an unknown shell is refused without repeating it', async () => {
  expect(await runTessera(['completion', 'tss_0aB0aB0aB0aB0aB'])).toEqual({
    code: 2,
    stdout: '',
    stderr:
      "error: argument 'shell': this value is not allowed. Allowed choices are bash, zsh, fish.\n(tessera completion --help lists the arguments)\n",
  })
})
