import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, parse } from 'node:path'
import type { TestContext } from 'vitest'
import { runProgram, runs } from '../interop/other-languages.ts'

/** Milliseconds. The crates are compiled once for a machine. */
export const FIRST_BUILD = 1_200_000

const ROOT = join(import.meta.dirname, '../..')
const CRATE = join(import.meta.dirname, 'rust')
/** It outlives a run. */
const TARGET = join(ROOT, 'node_modules/.cache/rust')

/**
 * Builds a program of Rust with the crates of the snippets, which cargo must have in its cache. @param folder an existing one, for a
 * copy of the crate @returns the path of the program
 */
export async function builtRust(path: string, folder: string, skip: TestContext['skip']): Promise<string> {
  if (!(await runs('cargo', ['--version']))) skip('there is no Rust')
  const env = { CARGO_TARGET_DIR: TARGET, CARGO_NET_OFFLINE: 'true' }
  if (!(await runs('cargo', ['fetch', '--locked'], { cwd: CRATE, env })))
    skip('the crates are not there: cd test/console/rust && cargo fetch')
  const copy = join(folder, 'crate')
  mkdirSync(join(copy, 'src'), { recursive: true })
  copyFileSync(join(CRATE, 'Cargo.lock'), join(copy, 'Cargo.lock'))
  // Each program has a name of its own, since other test files build theirs into the same folder.
  const name = parse(path).name.toLowerCase()
  const manifest = readFileSync(join(CRATE, 'Cargo.toml'), 'utf8')
  writeFileSync(join(copy, 'Cargo.toml'), `${manifest}\n[[bin]]\nname = "${name}"\npath = "src/main.rs"\n`)
  copyFileSync(path, join(copy, 'src/main.rs'))
  await runProgram('cargo', ['build', '--quiet', '--locked'], { cwd: copy, env, timeout: FIRST_BUILD })
  const built = join(folder, 'built')
  copyFileSync(join(TARGET, 'debug', name), built)
  return built
}
